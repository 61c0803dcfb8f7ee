package import ArtifactStore
import CanonicalJSON
package import Dataset

/// The records that growth left in a version.
package struct GrowthRecords: Sendable {
  private struct Entry: Sendable {
    let record: Record
    let task: String
    let factor: NodeID?
    let level: Int
    let text: String
    let regrown: NodeID?
    let regrowth: Int

    var isOfStrategies: Bool { task == PromptTask.planStrategies.rawValue }
    var isOfFactorStage: Bool { !isOfStrategies && factor == nil }
  }
  private var entries: [Entry] = []

  /// Reads the proposals, edits and plans of a version; none for nil.
  package init(_ version: Version?) throws(StoreError) {
    guard let version else { return }
    for kind in GrowthRun.kinds {
      for record in try version.records(kind) {
        let value = try record.value()
        entries.append(
          Entry(
            record: record, task: value["task"]?.string ?? "",
            factor: value["factor"]?.string.flatMap { NodeID($0) },
            level: value["level"]?.int ?? 0, text: value["text"]?.string ?? "",
            regrown: value["regrown"]?.string.flatMap { NodeID($0) },
            regrowth: value["regrowth"]?.int ?? 0))
      }
    }
  }

  var all: [Record] { entries.map(\.record) }

  /// What the stages after the last one left.
  func later(than stage: StageName) -> [Record] {
    guard stage < .strategies else { return [] }
    return entries.filter { !$0.isOfFactorStage && (stage == .factors || $0.isOfStrategies) }
      .map(\.record)
  }

  /// What finding the factors left.
  var ofFactorStage: [Record] { entries.filter(\.isOfFactorStage).map(\.record) }

  func ofFactors(_ factors: Set<NodeID>) -> [Record] {
    entries.filter { $0.factor.map(factors.contains) ?? false }.map(\.record)
  }

  var plansOfStrategies: [Record] { entries.filter(\.isOfStrategies).map(\.record) }
  /// How often strategies were planned.
  var planCount: Int { plansOfStrategies.count }

  /// How often a node was regrown.
  package func regrowthCount(of node: NodeID) -> Int {
    entries.filter { $0.regrown == node }.map(\.regrowth).max() ?? 0
  }

  /// The plan of a level of a factor: that of its first growth, or the last one.
  func plan(ofLevel level: Int, in factor: NodeID) -> String {
    let plans = entries.filter {
      $0.task == PromptTask.planLevel.rawValue && $0.factor == factor && $0.level == level
    }
    let first = plans.first { $0.regrown == nil }
    let last = plans.max { ($0.regrowth, $0.record.id) < ($1.regrowth, $1.record.id) }
    return (first ?? last)?.text ?? ""
  }
}
