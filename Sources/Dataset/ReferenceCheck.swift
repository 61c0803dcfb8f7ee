import ArtifactStore
import CanonicalJSON
import Git

extension Verification {
  private static let references: [(RecordKind, member: String, to: RecordKind)] = [
    (.metaPrompts, "mix", .mixes), (.metaPrompts, "from", .metaPrompts),
    (.samples, "meta-prompt", .metaPrompts), (.rejections, "meta-prompt", .metaPrompts),
  ]

  /// Checks that what live records name is there.
  ///
  /// Memory grows by 40 bytes a judged sample only.
  mutating func checkReferences(_ version: Version) throws(StoreError) {
    try store.index.catchUp(tree: version.tree)
    try store.index.catchUpCalls()
    var judged = JudgedSamples()
    for kind in RecordKind.versioned where kind != .imports {
      var found: [(String, String)] = []
      try version.forEachRecord(kind) { (record) throws(StoreError) in
        let value = try record.value()
        for reference in Self.references where reference.0 == kind {
          guard let text = value[reference.member]?.string, !text.isEmpty else { continue }
          guard let id = RecordID(hex: text), try isThere(id, reference.to) else {
            found.append(
              (
                "\(kind.rawValue) \(record.id)",
                "it names \(reference.member) '\(text)', which is nowhere"
              ))
            continue
          }
        }
        if let id = value["call"]?.string.flatMap(RecordID.init(hex:)), try !isThere(id, .calls) {
          missingCalls += 1
        }
        if let problem = judged.note(record, value) {
          found.append(("verdicts \(record.id)", problem))
        }
      }
      for (place, message) in found { report(place, message) }
    }
  }

  private func isThere(_ id: RecordID, _ kind: RecordKind) throws(StoreError) -> Bool {
    // The index remembers shards that were pruned since.
    try store.index.find(kind, id).contains {
      store.repository.contains($0.location.object)
    }
  }
}

/// The samples, kept or rejected, that verdicts may be about.
private struct JudgedSamples {
  private var ids = Set<RecordID>()

  /// Notes a record; says what is wrong with a verdict on a sample that is nowhere.
  mutating func note(_ record: Record, _ value: JSON) -> String? {
    let sample = value["sample"]?.string
    switch record.kind {
    case .samples: ids.insert(record.id)
    case .rejections:
      if let id = sample.flatMap(RecordID.init(hex:)) { ids.insert(id) }
    case .verdicts:
      guard let sample, let id = RecordID(hex: sample), ids.contains(id) else {
        return "it judges '\(sample ?? "")', which is nowhere"
      }
    default: break
    }
    return nil
  }
}
