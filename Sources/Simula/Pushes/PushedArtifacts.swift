import ArtifactStore
import Dataset
import Git

/// The artifacts that a push brings, read once and checked against their names.
struct PushedArtifacts {
  /// Remembers which records a push brings; nothing of it stays unless the push does.
  let index: RecordIndex
  private let store: Store
  private var checked = Set<Place>()
  private var shards = Set<ShardPlace>()
  private var waiting: [RecordIndex.NewShard] = []
  private var waitingCount = 0

  private struct Place: Hashable {
    let object: ObjectID
    let path: String
  }

  private static let batchSize = 1 << 18

  /// Starts with none.
  init(_ store: Store) throws(StoreError) {
    self.store = store
    index = try RecordIndex(temporaryFor: store)
  }

  /// What an artifact turned out to be.
  enum Outcome {
    /// It was looked at before under this path.
    case known
    case sound(CheckedArtifact)
    case damaged(String)
  }

  /// Checks what git holds at a path of an artifact.
  ///
  /// - Throws: ``StoreError`` when the index cannot be written.
  mutating func check(_ path: ArtifactPath, _ object: ObjectID) throws(StoreError) -> Outcome {
    guard checked.insert(Place(object: object, path: path.text)).inserted else { return .known }
    do {
      let frame = try store.repository.read(
        object, as: .blob, maximumSizeInBytes: DatasetPlace.maximumFileSizeInBytes)
      return .sound(try CheckedArtifact(path, frame: frame, object: object, reader: store.reader))
    } catch let error as StoreError {
      return .damaged(error.message)
    } catch let error as GitError {
      return .damaged(error.message)
    } catch {
      return .damaged("it cannot be read")
    }
  }

  /// Makes the records of a shard findable; of calls with their keys.
  mutating func add(
    _ artifact: CheckedArtifact, _ object: ObjectID, keys: [Digest] = []
  ) throws(StoreError) {
    guard let kind = artifact.path.kind,
      shards.insert(ShardPlace(object: object, kind: kind)).inserted
    else { return }
    waiting.append(
      RecordIndex.NewShard(object: object, kind: kind, ids: artifact.ids[...], keys: keys))
    waitingCount += artifact.ids.count
    if waitingCount >= Self.batchSize { try flush() }
  }

  /// Makes sure that all that was added is found.
  mutating func flush() throws(StoreError) {
    guard !waiting.isEmpty else { return }
    try index.add(waiting)
    (waiting, waitingCount) = ([], 0)
  }
}

/// A shard's object, as records of a kind.
struct ShardPlace: Hashable {
  let object: ObjectID
  let kind: RecordKind
}
