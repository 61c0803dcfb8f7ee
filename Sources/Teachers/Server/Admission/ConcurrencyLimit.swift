/// How many requests one server should have at once, learned from how it answers.
///
/// It doubles while throughput grows, then goes up and down by small steps and keeps what pays: up
/// while more requests at once give more answers a second, down where fewer give as many. Throughput is
/// the number at once over the mean time of an answer (Little's law), which needs no long observation.
/// A server that says when it has too much is believed: then the number falls at each refusal, and
/// rises until the next one. What is measured of requests from before a change does not count.
///
/// A server that answers at once is no fuller for a few more, while each request costs the client less
/// the more of them share its turns: there more are asked at once as long as no fewer answers come.
///
/// Times are seconds on any clock that nobody sets.
struct ConcurrencyLimit: Sendable {
  private enum Phase: Sendable {
    case doubling, holding, higher, lower
  }

  /// The most that the recipe allows.
  let maximum: Int
  private var limit: Double
  private var phase = Phase.doubling
  /// What the limit is compared with: the one before the last step, and its throughput.
  private var reference: (limit: Double, throughput: Double?)
  private var windowsToHold = 1
  private var holdLength = 1
  private var window = Window()
  private var changedAt = -Double.infinity
  private var refusedAt = -Double.infinity
  private var hasRefused = false
  private var calmWindows = 0
  /// The mean times of the last windows, of which the shortest is that of a server at ease.
  private var recentTimes: [Double] = []

  /// What was seen since the last decision.
  private struct Window: Sendable {
    var hasBegun = false
    var count = 0
    var unusedCount = 0
    var time = 0.0
  }

  private static let first = 32
  private static let memory = 24
  /// Who waits less for an answer waits for the client as much as for the server.
  private static let quick = 0.01

  init(maximum: Int) {
    precondition(maximum > 0, "a server takes at least one request")
    self.maximum = maximum
    limit = Double(min(maximum, Self.first))
    reference = (limit, nil)
  }

  /// How many requests may be at the server at once.
  var current: Int { Int(limit) }

  // MARK: - What happened

  /// Takes in that a request was answered.
  ///
  /// - Parameters:
  ///   - sentAt: When it went out.
  ///   - now: When its answer was complete.
  ///   - others: How many other requests were at the server then.
  mutating func answered(sentAt: Double, now: Double, others: Int) {
    guard sentAt >= changedAt else { return }
    guard window.hasBegun else {
      window.hasBegun = true
      return
    }
    window.count += 1
    window.time += now - sentAt
    if Double(others + 1) < 0.8 * Double(current) { window.unusedCount += 1 }
    let needed =
      phase == .doubling ? max(12, current) : max(32, current + current / 2)
    guard window.count >= needed else { return }
    let seen = window
    window = Window(hasBegun: true)
    // Where too little was asked at once nothing can be said of more.
    guard seen.unusedCount * 4 <= seen.count, seen.time > 0 else { return }
    decide(meanTime: seen.time / Double(seen.count), now: now)
  }

  /// Takes in that the server refused a request since it has too many.
  mutating func refused(sentAt: Double, now: Double) {
    hasRefused = true
    // Others that went out together with one that was refused say nothing new.
    guard sentAt >= refusedAt else { return }
    refusedAt = now
    calmWindows = 0
    hold(windows: 1)
    set(limit * 0.85, at: now)
  }

  // MARK: - Decisions

  private mutating func decide(meanTime: Double, now: Double) {
    recentTimes.append(meanTime)
    if recentTimes.count > Self.memory { recentTimes.removeFirst() }
    let throughput = Double(current) / meanTime
    let isQuick = meanTime < Self.quick
    if phase == .doubling { return double(throughput, isQuick, now) }
    if hasRefused {
      calmWindows += 1
      return set(limit + max(1, min(0.4, 0.05 + 0.04 * Double(calmWindows)) * limit), at: now)
    }
    let isQueueing = !isQuick && meanTime > 1.3 * (recentTimes.min() ?? meanTime)
    if phase != .lower, let before = reference.throughput, throughput < 0.7 * before {
      // Much less comes out than before: the server has another limit now.
      let smaller = limit * max(0.5, throughput / before)
      holdLength = 1
      hold(windows: 1)
      return set(smaller, at: now)
    }
    switch phase {
    case .doubling: return
    case .holding: holdOn(throughput, isQueueing, now)
    case .higher: judgeHigher(throughput, isQuick, isQueueing, now)
    case .lower: judgeLower(throughput, isQueueing, now)
    }
  }

  private mutating func double(_ throughput: Double, _ isQuick: Bool, _ now: Double) {
    if let before = reference.throughput, throughput < (isQuick ? 0.95 : 1.2) * before {
      let isWorse = throughput < 1.05 * before
      hold(windows: 1, throughput: isWorse ? nil : throughput)
      return set(isWorse ? reference.limit : limit, at: now)
    }
    reference = (limit, throughput)
    if current >= maximum { return hold(windows: 2, throughput: throughput) }
    set(limit * 2, at: now)
  }

  private mutating func hold(windows: Int, throughput: Double? = nil) {
    phase = .holding
    windowsToHold = windows
    reference.throughput = throughput
  }

  private mutating func holdOn(_ throughput: Double, _ isQueueing: Bool, _ now: Double) {
    let mean = reference.throughput.map { ($0 + throughput) / 2 } ?? throughput
    reference = (limit, mean)
    windowsToHold -= 1
    guard windowsToHold <= 0 else { return }
    if current < maximum {
      step(.higher, now)
    } else if isQueueing {
      step(.lower, now)
    }
  }

  private mutating func judgeHigher(
    _ throughput: Double, _ isQuick: Bool, _ isQueueing: Bool, _ now: Double
  ) {
    let growth = limit / reference.limit - 1
    let wanted = isQuick ? 0.98 : 1 + 0.4 * growth
    if let before = reference.throughput, throughput > before * wanted {
      reference = (limit, throughput)
      holdLength = 1
      return current < maximum ? step(.higher, now) : hold(windows: 2, throughput: throughput)
    }
    limit = reference.limit
    if isQueueing { return step(.lower, now) }
    hold(windows: 1)
    set(reference.limit, at: now)
  }

  private mutating func judgeLower(_ throughput: Double, _ isQueueing: Bool, _ now: Double) {
    if let before = reference.throughput, throughput >= 0.95 * before, limit < reference.limit {
      reference = (limit, max(throughput, 0.98 * before))
      holdLength = 1
      return limit > 1 && isQueueing
        ? step(.lower, now) : hold(windows: 2, throughput: reference.throughput)
    }
    holdLength = min(3, holdLength + 1)
    hold(windows: holdLength)
    set(reference.limit, at: now)
  }

  private mutating func step(_ next: Phase, _ now: Double) {
    phase = next
    if next == .higher {
      set(limit + max(1, 0.3 * limit), at: now)
    } else {
      set(limit > 5 ? limit * 0.75 : limit - 1, at: now)
    }
  }

  private mutating func set(_ new: Double, at now: Double) {
    limit = min(max(new, 1), Double(maximum))
    changedAt = now
    window = Window()
  }
}
