import Foundation

/// Made records of about 1.6 KB, each a function of the seed, its number and its revision alone.
///
/// The text walks through the license texts that Debian installs and sometimes jumps to another
/// place with the same two words before it, which compresses about as generated prose does.
struct Corpus {
  private static let jumpShare = 0.25
  private static let people = [
    "Amara", "Benoit", "Chen", "Dalia", "Emeka", "Farah", "Goran", "Hana", "Ivan", "Jaya", "Kofi",
    "Leila", "Mateo", "Nadia", "Omar", "Priya", "Quinn", "Rosa", "Sven", "Tariq",
  ]
  private static let things = [
    "apples", "marbles", "tickets", "litres", "pages", "boxes", "coins", "stickers", "bricks",
  ]
  private static let topics = [
    ["arithmetic", "percent"], ["arithmetic", "fractions"], ["algebra", "systems"],
    ["algebra", "quadratics"], ["geometry", "area"], ["geometry", "angles"],
    ["probability", "counting"], ["finance", "interest"],
  ]

  private let words: [String]
  private let ids: [Int]
  private let followers: [Int: [Int]]
  private let seed: UInt64

  init(seed: UInt64) throws {
    self.seed = seed
    var words: [String] = []
    var known: [String: Int] = [:]
    var ids: [Int] = []
    let folder = "/usr/share/common-licenses"
    for name in try FileManager.default.contentsOfDirectory(atPath: folder).sorted() {
      guard let text = try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8) else {
        continue
      }
      for word in text.split(whereSeparator: { $0.isWhitespace || $0 == "\"" || $0 == "\\" }) {
        let word = String(word)
        guard word.utf8.count < 16 else { continue }
        let id = known[word] ?? words.count
        if id == words.count {
          known[word] = id
          words.append(word)
        }
        ids.append(id)
      }
    }
    var followers: [Int: [Int]] = [:]
    for place in ids.indices.dropLast(1) {
      followers[ids[place] << 32 | ids[place + 1], default: []].append(place + 1)
    }
    self.words = words
    self.ids = ids
    self.followers = followers
  }

  /// One record as a line with its line feed.
  func line(_ number: Int, revision: Int = 0) -> [UInt8] {
    var random = SplitMix(seed: seed ^ UInt64(number) << 20 ^ UInt64(revision) << 60)
    let topic = random.element(of: Self.topics)
    let (person, other) = (random.element(of: Self.people), random.element(of: Self.people))
    let thing = random.element(of: Self.things)
    let (x, y, z) = (random.below(397) + 3, random.below(58) + 2, random.below(10) + 2)
    let question = text(300, &random)
    let reasoning = text(560, &random)
    let line = """
      {"id":"wp-\(String(UInt64(number) &* 0x9E37_79B9_7F4A_7C15 ^ seed, radix: 16))",\
      "seq":\(number),"rev":\(revision),"meta_prompt_id":"mp-\(random.below(48))",\
      "taxonomy":["mathematics","\(topic[0])","\(topic[1])"],"model":"teacher-\(random.below(2))",\
      "seed":\(random.below(1 << 31)),"question":"\(person) has \(x) \(thing). \(other) brings \(y) \
      bags with \(z) \(thing) each. \(question) How many \(thing) does \(person) have in the end?",\
      "answer":"\(x + y * z)","rationale":"First multiply \(y) by \(z) to get \(y * z). \
      \(reasoning) Then add \(x) and \(y * z) to get \(x + y * z).","scores":{"judge":\
      0.\(random.below(10_000)),"novelty":0.\(random.below(10_000))},"usage":{"prompt_tokens":\
      \(random.below(720) + 180),"completion_tokens":\(random.below(580) + 120)},"created_at":\
      "2026-11-\(random.below(20) + 10)T\(random.below(14) + 10):\(random.below(50) + 10):00Z"}

      """
    return Array(line.utf8)
  }

  private func text(_ size: Int, _ random: inout SplitMix) -> String {
    let wanted = size * 2 / 3 + random.below(size)
    var place = random.below(ids.count - 100)
    var text = ""
    while text.utf8.count < wanted {
      text += words[ids[place]]
      text += " "
      place += 1
      if place + 2 > ids.count { place = random.below(ids.count - 100) }
      if Double(random.below(1000)) < Self.jumpShare * 1000,
        let places = followers[ids[place - 1] << 32 | ids[place]]
      {
        place = random.element(of: places)
      }
    }
    return text
  }
}

/// A small random generator that is the same everywhere.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
  mutating func element<Value>(of values: [Value]) -> Value { values[below(values.count)] }
}
