package import ArtifactStore
import CanonicalJSON
package import Dataset

/// What the critics said of the attempts behind a version, from its records.
package struct AttemptCount: Sendable {
  /// The judgements of the double critic.
  package private(set) var double = AcceptanceCount()
  /// How often its two calls said what, by their words, such as "yes no".
  package private(set) var outcomes: [String: Int] = [:]
  /// What both critics together made of attempts with a plain, and with a complexified scenario.
  package private(set) var plain = AcceptanceCount()
  package private(set) var complexified = AcceptanceCount()

  /// Counts the records of a version for a form of the double critic.
  package init(_ version: Version, form: CriticKnobs.Double) throws {
    if let calls = DoubleCritic.calls(form) { try countVerdicts(version, calls) }
    try countScenarios(version)
  }

  /// Joins the two verdicts of each sample, which lie close together.
  private mutating func countVerdicts(
    _ version: Version, _ calls: (first: PromptTask, second: PromptTask)
  ) throws {
    var waiting: [String: (role: String, outcome: String)] = [:]
    var pairs: [String: Int] = [:]
    try version.forEachRecord(.verdicts) { record throws(StoreError) in
      let value = try record.value()
      guard let role = value["role"]?.string, let sample = value["sample"]?.string,
        let outcome = value["outcome"]?.string,
        role == calls.first.rawValue || role == calls.second.rawValue
      else { return }
      guard let other = waiting[sample], other.role != role else {
        waiting[sample] = (role, outcome)
        return
      }
      waiting[sample] = nil
      let words =
        role == calls.second.rawValue ? [other.outcome, outcome] : [outcome, other.outcome]
      pairs[words.joined(separator: " "), default: 0] += 1
    }
    outcomes = pairs
    double.judged = pairs.values.reduce(0, +)
    double.accepted = pairs[calls.first == .solve ? "same same" : "yes no"] ?? 0
  }

  /// Tells attempts with a plain scenario from those with a complexified one.
  private mutating func countScenarios(_ version: Version) throws {
    var complexScenarios = Set<RecordID>()
    try version.forEachRecord(.metaPrompts) { record throws(StoreError) in
      if try record.value()["from"] != nil { complexScenarios.insert(record.id) }
    }
    var plain = AcceptanceCount()
    var complexified = AcceptanceCount()
    func count(_ value: JSON, _ isAccepted: Bool?) {
      guard let scenario = value["meta-prompt"]?.string.flatMap(RecordID.init(hex:)) else { return }
      if complexScenarios.contains(scenario) {
        complexified.add(isAccepted)
      } else {
        plain.add(isAccepted)
      }
    }
    try version.forEachRecord(.samples) { record throws(StoreError) in
      count(try record.value(), true)
    }
    var unjudged = 0
    let doubleTasks = DoubleCritic.tasks.map { "\($0.rawValue): " }
    try version.forEachRecord(.rejections) { record throws(StoreError) in
      let value = try record.value()
      guard let reason = value["reason"]?.string.flatMap(Rejection.init(rawValue:)) else { return }
      switch reason {
      case .requirements, .incorrect, .inconsistent: count(value, false)
      case .duplicate, .heldOut: count(value, true)
      case .unjudged:
        count(value, nil)
        let detail = value["detail"]?.string ?? ""
        if doubleTasks.contains(where: detail.hasPrefix) { unjudged += 1 }
      case .refined, .unreadable, .recalled: break
      }
    }
    (self.plain, self.complexified) = (plain, complexified)
    double.unjudged = unjudged
  }
}
