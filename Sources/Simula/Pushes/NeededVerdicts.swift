import ArtifactStore
import CanonicalJSON
import Dataset
import Git

/// Which verdicts samples must have: what the recipe says that they were made by.
struct NeededVerdicts {
  /// Roles with the outcome that accepts.
  private static let roles: [(task: PromptTask, outcome: String)] = [
    (.judgeRequirements, "accept"), (.askCorrect, "yes"), (.askIncorrect, "no"),
    (.solve, "same"), (.solveCheck, "same"),
  ]

  /// What decides how samples are judged.
  private struct Texts {
    let recipe: Recipe
    let strategies: [String: Strategy.Overrides]

    init(_ version: Version) throws(StoreError) {
      do {
        let snapshot = try Snapshot(version)
        recipe = snapshot.recipe
        let strategies = snapshot.sources?.strategies ?? []
        self.strategies = Dictionary(
          strategies.map { ($0.id.text, $0.overrides) }, uniquingKeysWith: { first, _ in first })
      } catch {
        throw StoreError(.corrupt, "the texts of version '\(version.commit.id)' cannot be read")
      }
    }

    var hasOverrides: Bool { strategies.values.contains { $0 != Strategy.Overrides() } }
  }

  /// The origin that stands for the version itself.
  let present = -1
  private let version: Version
  private let origins: SampleOrigins
  private var texts: [Int: Texts] = [:]
  /// A bit for each role that is still missing.
  private var needed: [RecordID: UInt8] = [:]
  private var openCount = 0

  init(_ version: Version, _ origins: SampleOrigins) {
    self.version = version
    self.origins = origins
  }

  /// The records that the push removes, with the origins of their tombstones.
  var removed: [RecordID: Int] { origins.removed }

  /// The tombstones that the push takes back, with the origins of their revivals.
  var revoked: [RecordID: Int] { origins.revoked }

  /// Which commit brought a sample; nil when it was there before.
  func origin(of sample: RecordID) -> Int? { origins.number(of: sample) }

  private mutating func texts(of origin: Int) throws(StoreError) -> Texts {
    if let known = texts[origin] { return known }
    var found: Texts?
    // A broken text on the way to the version does not matter.
    if origin != present { found = try? Texts(try origins.version(origin)) }
    let result: Texts
    if let found { result = found } else { result = try Texts(version) }
    texts[origin] = result
    return result
  }

  mutating func dependsOnStrategy(_ origin: Int) throws(StoreError) -> Bool {
    try texts(of: origin).hasOverrides
  }

  /// Notes what a sample must have.
  mutating func need(
    _ sample: RecordID, _ record: JSON, origin: Int, strategy: String?
  ) throws(StoreError) {
    let texts = try texts(of: origin)
    let knobs = texts.recipe.knobs(of: strategy.flatMap { texts.strategies[$0] } ?? .init())
    var tasks: [PromptTask] = knobs.critics.judgesRequirements ? [.judgeRequirements] : []
    let hasAnswer = texts.recipe.sample.answer.map { record["value"]?[$0] != nil } ?? false
    if hasAnswer, let calls = DoubleCritic.calls(knobs.critics.double) {
      tasks += [calls.first, calls.second]
    }
    var bits: UInt8 = 0
    for (place, role) in Self.roles.enumerated() where tasks.contains(role.task) {
      bits |= 1 << UInt8(place)
    }
    guard bits != 0, needed.updateValue(bits, forKey: sample) == nil else { return }
    openCount += 1
  }

  func isNeeded(of sample: RecordID) -> Bool { needed[sample] != nil }
  var isSatisfied: Bool { openCount == 0 }

  /// Takes a live verdict into account.
  mutating func note(_ verdict: JSON) {
    guard let sample = verdict["sample"]?.string.flatMap(RecordID.init(hex:)),
      let bits = needed[sample], bits != 0,
      let place = Self.roles.firstIndex(where: {
        $0.task.rawValue == verdict["role"]?.string && $0.outcome == verdict["outcome"]?.string
      })
    else { return }
    let rest = bits & ~(1 << UInt8(place))
    needed[sample] = rest
    if rest == 0 { openCount -= 1 }
  }

  /// The samples that lack verdicts, with the roles.
  var missing: [(sample: RecordID, roles: [String])] {
    guard openCount > 0 else { return [] }
    return needed.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { sample, bits in
      let roles = Self.roles.enumerated().filter { bits & (1 << UInt8($0.offset)) != 0 }
      return (sample, roles.map { "'\($0.element.task.rawValue)'" })
    }
  }
}
