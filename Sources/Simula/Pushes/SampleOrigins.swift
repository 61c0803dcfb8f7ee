import ArtifactStore
import CanonicalJSON
import Dataset
import Git

/// By which texts samples were judged: those of the commit that first brought them.
///
/// Memory: some 60 bytes a new sample.
struct SampleOrigins {
  private let store: Store
  private var commits: [Commit] = []
  private var samples: [RecordID: Int] = [:]
  /// What was removed, with the commit that removed it.
  private(set) var removed: [RecordID: Int] = [:]
  /// The tombstones that no longer count, with the commit that says so.
  private(set) var revoked: [RecordID: Int] = [:]

  init(_ store: Store) { self.store = store }

  /// Goes on with the next commit, parents first.
  mutating func begin(_ commit: Commit) { commits.append(commit) }

  /// Notes those samples that nobody had before.
  mutating func note(_ ids: [RecordID]) throws(StoreError) {
    for id in ids where samples[id] == nil {
      guard try store.index.find(id).isEmpty else { continue }
      samples[id] = commits.count - 1
    }
  }

  mutating func noteTombstones(of artifact: CheckedArtifact) throws(StoreError) {
    for line in artifact.lines {
      let value = try Record(.tombstones, line: Array(artifact.bytes[line])).value()
      func id(_ member: String) -> RecordID? {
        value[member]?.string.flatMap(RecordID.init(hex:))
      }
      if let record = id("record") { removed[record] = commits.count - 1 }
      if let tombstone = id("revives") { revoked[tombstone] = commits.count - 1 }
    }
  }

  /// The number of the commit that brought a sample; nil for one that was there before.
  func number(of sample: RecordID) -> Int? { samples[sample] }

  /// The version of a number.
  func version(_ number: Int) throws(StoreError) -> Version {
    try store.version(commits[number].id)
  }
}
