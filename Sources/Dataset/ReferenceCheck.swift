import ArtifactStore
import CanonicalJSON
import Git

extension Verification {
  /// Checks that what live records name is in the version.
  ///
  /// Memory grows by 40 bytes a judged sample, and a bit for each record that can be named.
  mutating func checkReferences(_ version: Version) throws(StoreError) {
    try store.index.catchUp(tree: version.tree)
    try store.index.catchUpCalls()
    var judged = JudgedSamples()
    // What a plain merge made dead on one side may be named by the other until the next run.
    var held: [RecordKind: RecordSet] = [:]
    for kind in RecordReference.named { held[kind] = try version.held(kind) }
    for kind in RecordKind.versioned where kind != .imports {
      var found: [(String, String)] = []
      try version.forEachRecord(kind) { (record) throws(StoreError) in
        let value = try record.value()
        for reference in RecordReference.all where reference.kind == kind {
          guard let text = value[reference.member]?.string, !text.isEmpty else { continue }
          guard let id = RecordID(hex: text), held[reference.target]?.contains(id) == true else {
            found.append(
              (
                "\(kind.rawValue) \(record.id)",
                "it names \(reference.member) '\(text)', which is not in the version"
              ))
            continue
          }
        }
        if let call = value["call"]?.string.flatMap(RecordID.init(hex:)), try !isRecorded(call) {
          missingCalls += 1
        }
        if let problem = judged.note(record, value) {
          found.append(("verdicts \(record.id)", problem))
        }
      }
      for (place, message) in found { report(place, message) }
      if !found.isEmpty { hasLooseReferences = true }
    }
  }

  private func isRecorded(_ call: RecordID) throws(StoreError) -> Bool {
    // The index remembers shards that were pruned since.
    try store.index.find(.calls, call).contains {
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
