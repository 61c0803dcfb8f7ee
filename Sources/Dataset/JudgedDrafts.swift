package import ArtifactStore
import CanonicalJSON

extension Version {
  /// The live verdicts on some samples, and on the drafts that some rejections tell of.
  ///
  /// - Complexity: Goes with the number of records given and found.
  package func verdicts(
    onSamples samples: some Sequence<RecordID>, rejections: some Sequence<RecordID>
  ) throws -> [RecordID] {
    var keys = samples.map { LinkKey(.sample, $0) }
    for id in rejections {
      let draft = try record(.rejections, id)?.value()["sample"]?.string
      if let draft = draft.flatMap(RecordID.init(hex:)) { keys.append(LinkKey(.sample, draft)) }
    }
    guard !keys.isEmpty else { return [] }
    var links = try LiveLinks(self, didRead: { _, _ in })
    return try links.find(.verdicts, naming: keys).map(\.id)
  }
}
