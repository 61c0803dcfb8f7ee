import Testing

@testable import Teachers

@Suite("Concurrency limit")
struct ConcurrencyLimitTests {
  @Test("a recipe's maximum is never passed, and one request always goes", arguments: [1, 3, 64])
  func bounds(maximum: Int) {
    var limit = ConcurrencyLimit(maximum: maximum)
    for round in 0..<2000 {
      let now = Double(round)
      if round % 7 == 0 {
        limit.refused(sentAt: now - 1, now: now)
      } else {
        limit.answered(sentAt: now - 1, now: now, others: limit.current - 1)
      }
      #expect((1...maximum).contains(limit.current))
    }
  }

  @Test("refusals of requests that went out together count once")
  func oneRefusal() {
    var limit = ConcurrencyLimit(maximum: 16)
    for _ in 0..<16 { limit.refused(sentAt: 0, now: 1) }
    #expect(limit.current == 13)
  }

  @Test("what is measured of fewer requests than are allowed raises nothing")
  func unused() {
    var limit = ConcurrencyLimit(maximum: 1024)
    for round in 0..<5000 {
      limit.answered(sentAt: Double(round), now: Double(round) + 0.1, others: 2)
    }
    #expect(limit.current == 32)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    let server: SimulatedServer.Kind
    /// The hidden limit, and that of the second half.
    let slots: (Int, Int)
    var testDescription: String { "\(server), \(slots.0) then \(slots.1)" }
  }

  static let cases = [(4, 4), (16, 16), (64, 64), (200, 200), (48, 12), (12, 48), (100, 40)]
    .flatMap { slots in
      SimulatedServer.Kind.allCases.map { Case(server: $0, slots: slots) }
    }

  @Test("a hidden limit is found, and found again when it changes", arguments: cases)
  func finds(example: Case) {
    // As long as some ten thousand answers take.
    let seconds = 16_000 / Double(example.slots.0 + example.slots.1)
    func answers(_ concurrency: (inout ConcurrencyLimit) -> Int) -> Int {
      var server = SimulatedServer(example.server, slots: example.slots, seed: 1)
      return server.run(seconds: seconds, concurrency)
    }
    let found = answers { $0.current }
    let fixed = [example.slots.0, example.slots.1].flatMap { [$0, $0 * 5 / 4, $0 * 2] }
    let best = Set(fixed).map { count in answers { _ in count } }.max() ?? 0
    let share = Double(found) / Double(best)
    #expect(share >= 0.85, "\(share)")
  }

  @Test("a server that answers at once is asked more at once as long as its answers take no time")
  func instant() {
    var limit = ConcurrencyLimit(maximum: 256)
    var now = 0.0
    for round in 0..<40_000 {
      // The client is what takes 0.1 ms an answer, now and then a third more.
      let time = Double(limit.current) * 0.0001 * (round / 500 % 3 == 0 ? 1.3 : 1)
      limit.answered(sentAt: now, now: now + time, others: limit.current - 1)
      now += time / Double(limit.current)
    }
    #expect(limit.current >= 80, "\(limit.current)")
  }

  @Test("where an answer takes the longer the more is asked at once, little is asked")
  func growingLatency() {
    var limit = ConcurrencyLimit(maximum: 64)
    var open: [(sentAt: Double, doneAt: Double)] = []
    var now = 0.0
    for _ in 0..<600 {
      while open.count < limit.current {
        let time = 0.02 + 0.02 * Double(max(0, open.count + 1 - 8))
        open.append((sentAt: now, doneAt: now + time))
      }
      open.sort { $0.doneAt > $1.doneAt }
      guard let done = open.popLast() else { break }
      now = done.doneAt
      limit.answered(sentAt: done.sentAt, now: now, others: open.count)
    }
    #expect((6...14).contains(limit.current), "\(limit.current)")
  }
}

/// A server with a limit that it does not tell, and a client that always has more to ask.
struct SimulatedServer {
  enum Kind: String, Sendable, CaseIterable {
    /// Serves so many at once; the others wait in a line.
    case queueing
    /// Shares its time among all.
    case sharing
    /// Refuses what is too much at once.
    case refusing
  }

  private struct Request {
    let sentAt: Double
    /// What is left to do, on the clock of the work that each request has had.
    let doneAt: Double
  }

  private let kind: Kind
  private let slots: (Int, Int)
  private var random: UInt64
  private var now = 0.0
  /// How much work each request that is served has had since the start.
  private var work = 0.0
  private var served: [Request] = []
  private var waiting: [Double] = []
  private var end = 0.0

  init(_ kind: Kind, slots: (Int, Int), seed: UInt64) {
    self.kind = kind
    self.slots = slots
    random = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  }

  private var slotCount: Int { now < end / 2 ? slots.0 : slots.1 }
  private var inFlight: Int { served.count + waiting.count }

  /// The seconds that a request takes when it is alone.
  private mutating func seconds() -> Double {
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return 0.3 + 0.4 * Double(random >> 11) / Double(1 << 53)
  }

  /// How much work a request gets in a second.
  private var speed: Double {
    kind == .sharing ? min(1, Double(slotCount) / Double(max(1, served.count))) : 1
  }

  /// Asks as much at once as a limit says, and counts the answers.
  mutating func run(seconds end: Double, _ allowed: (inout ConcurrencyLimit) -> Int) -> Int {
    self.end = end
    var limit = ConcurrencyLimit(maximum: 256)
    var answers = 0
    // Who was refused comes again a little later.
    var quietUntil = 0.0
    while now < end {
      while inFlight < allowed(&limit), now >= quietUntil {
        if kind == .refusing, inFlight >= slotCount {
          limit.refused(sentAt: now, now: now)
          quietUntil = now + 0.05
        } else if kind == .queueing, served.count >= slotCount {
          waiting.append(now)
        } else {
          start(sentAt: now)
        }
      }
      let speed = speed
      let doneIn = served.last.map { ($0.doneAt - work) / speed } ?? .infinity
      if quietUntil > now, quietUntil - now < doneIn {
        work += (quietUntil - now) * speed
        now = quietUntil
        continue
      }
      guard let done = served.popLast() else { break }
      work += doneIn * speed
      now += doneIn
      answers += 1
      limit.answered(sentAt: done.sentAt, now: now, others: inFlight)
      while kind == .queueing, !waiting.isEmpty, served.count < slotCount {
        start(sentAt: waiting.removeFirst())
      }
    }
    return answers
  }

  private mutating func start(sentAt: Double) {
    let request = Request(sentAt: sentAt, doneAt: work + seconds())
    // The next to be done is the last.
    var (low, high) = (0, served.count)
    while low < high {
      let middle = (low + high) / 2
      if served[middle].doneAt > request.doneAt { low = middle + 1 } else { high = middle }
    }
    served.insert(request, at: low)
  }
}
