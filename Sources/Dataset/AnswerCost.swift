package import ArtifactStore
import CanonicalJSON

/// How many tokens the answers for one kept sample took, as servers counted them.
package struct AnswerCost: Sendable, Hashable {
  package let inputTokens: Double
  package let outputTokens: Double

  /// How many answers of each kind are looked at: their sizes differ little.
  private static let examples = 64

  /// Reads some of the answers that a version's records name.
  ///
  /// - Returns: Nil when the version has no sample, or its calls are not here or were not counted.
  /// - Throws: ``StoreError`` when records cannot be read.
  package init?(_ version: Version) throws(StoreError) {
    let sampleCount = try version.liveCount(.samples)
    guard sampleCount > 0 else { return nil }
    let lookup = try RecordLookup(version)
    var total = (input: 0.0, output: 0.0)
    for kind in SlotUse.answeredKinds {
      // Ids are hashes, so that the first of them are any.
      let ids = try version.live(kind).ids
      var usage = (input: 0.0, output: 0.0)
      var known = 0
      for id in ids.prefix(Self.examples) {
        guard
          let call = try lookup.find(id)?.value()["call"]?.string.flatMap(RecordID.init(hex:)),
          let counted = try lookup.find(call)?.value()["usage"],
          let input = counted["input"]?.double, let output = counted["output"]?.double
        else { continue }
        known += 1
        usage.input += input
        usage.output += output
      }
      guard known > 0 else {
        if ids.isEmpty { continue }
        return nil
      }
      total.input += usage.input / Double(known) * Double(ids.count)
      total.output += usage.output / Double(known) * Double(ids.count)
    }
    guard total.input + total.output > 0 else { return nil }
    inputTokens = total.input / Double(sampleCount)
    outputTokens = total.output / Double(sampleCount)
  }
}
