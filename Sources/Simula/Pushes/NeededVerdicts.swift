import ArtifactStore
import CanonicalJSON
import Dataset
import Git

/// Which verdicts samples must have, by the recipe that they were made by.
struct NeededVerdicts {
  /// Roles with the outcome that accepts.
  private static let roles: [(task: PromptTask, outcome: String)] = [
    (.judgeRequirements, "accept"), (.askCorrect, "yes"), (.askIncorrect, "no"),
    (.solve, "same"), (.solveCheck, "same"),
  ]

  /// A bit for each role that is still missing.
  private var needed: [RecordID: UInt8] = [:]
  private var openCount = 0

  /// Notes what a sample must have.
  mutating func need(
    _ sample: RecordID, _ record: JSON, _ texts: JudgingTexts, strategy: String?
  ) {
    let knobs = texts.knobs(ofStrategy: strategy)
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
