package import ArtifactStore
import CanonicalJSON

/// Finds records and artifacts by their ids or the beginnings of them.
package struct RecordLookup: Sendable {
  /// The fewest digits that are taken as the beginning of an id.
  package static let minimumDigits = 4

  private let version: Version
  private var store: Store { version.store }

  /// Looks in all that the indexes know; what the version holds comes first.
  package init(_ version: Version) throws(StoreError) {
    self.version = version
    try store.index.catchUp(tree: version.tree)
    try store.index.catchUpCalls()
  }

  /// The record whose id starts with some hexadecimal digits.
  ///
  /// - Throws: ``StoreError`` with code `notFound`, or `ambiguous` when several records do.
  package func record(_ prefix: String) throws(StoreError) -> Record {
    let ids = Set(try find(prefix).map(\.id))
    guard ids.count < 2 else {
      let some = ids.sorted().prefix(4).map { String($0.hex.prefix(16)) }
      throw StoreError(
        .ambiguous, "'\(prefix)' is the beginning of \(ids.count) records",
        hint: "give more digits: \(some.joined(separator: ", "))")
    }
    guard let id = ids.first, let record = try find(id) else {
      throw StoreError(
        .notFound, "no record '\(prefix)'",
        hint:
          "'stemma list KIND' shows ids; nodes and strategies are in taxonomies/ and strategies.yaml"
      )
    }
    return record
  }

  /// The record of an id, or nil when it is not here, as calls that were not fetched.
  package func find(_ id: RecordID) throws(StoreError) -> Record? {
    for match in try store.index.find(id) {
      do throws(StoreError) {
        return try record(match)
      } catch {
        // The index remembers places that git has pruned since.
        guard error.code == .missing else { throw error }
      }
    }
    return nil
  }

  private func record(_ match: RecordIndex.Match) throws(StoreError) -> Record {
    let record = try Record(match.kind, line: try store.reader.singleLine(at: match.location))
    guard record.id == match.id else {
      throw StoreError(
        .corrupt, "record '\(match.id)' is damaged", hint: "run 'stemma verify'")
    }
    return record
  }

  private func find(_ prefix: String) throws(StoreError) -> [RecordIndex.Match] {
    let start = try DigestPrefix(
      prefix, minimumDigits: Self.minimumDigits, of: "an id",
      hint: "'stemma list samples' shows ids")
    return try store.index.find(idPrefix: start.bytes).filter {
      start.isBeginning(of: $0.id.digest)
    }
  }
}
