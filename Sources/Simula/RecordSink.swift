import ArtifactStore

/// Where the records of settled slots go: into a version, or beside those of one.
protocol RecordSink: Sendable {
  func keep(_ record: Record) throws(StoreError)
  /// Takes a record of the last run out; false when there is not just one whose id begins so.
  func drop(_ kind: RecordKind, idWord word: UInt64) throws(StoreError) -> Bool
}

extension VersionWriter: RecordSink {}
