import Dispatch
import Git
import Synchronization

/// Hashes and compresses shards on threads of its own and adds them to a pack.
///
/// Whoever hands over a shard waits while too many are under way, so that memory stays flat.
final class ShardPress: Sendable {
  struct Pressed: Sendable {
    let path: ArtifactPath
    let object: ObjectID
  }

  private struct State {
    var count = 0
    var pressed: [Int: Pressed] = [:]
    var failure: StoreError?
    var codecs: [ZstdCodec] = []
  }

  private static let workerCount = 2
  private let pack: PackWriter
  private let queue = DispatchQueue(label: "stemma.shards", attributes: .concurrent)
  private let group = DispatchGroup()
  private let places = DispatchSemaphore(value: workerCount + 1)
  private let state = Mutex(State())

  init(pack: PackWriter) { self.pack = pack }

  /// Takes over the lines of a shard and gives the number under which ``finish()`` names it.
  func press(_ kind: RecordKind, _ lines: consuming [UInt8]) throws(StoreError) -> Int {
    places.wait()
    let (number, failure) = state.withLock { state in
      state.count += 1
      return (state.count - 1, state.failure)
    }
    if let failure {
      places.signal()
      throw failure
    }
    let content = lines
    queue.async(group: group) { [self] in
      defer { places.signal() }
      let codec = state.withLock { $0.codecs.popLast() } ?? ZstdCodec()
      do throws(StoreError) {
        let path = ArtifactPath(kind: kind, digest: Digest(of: content))
        let frame = codec.compress(content)
        let object = try convert { () throws(GitError) in try pack.add(.blob, frame) }
        state.withLock { $0.pressed[number] = Pressed(path: path, object: object) }
      } catch {
        state.withLock { $0.failure = $0.failure ?? error }
      }
      state.withLock { $0.codecs.append(codec) }
    }
    return number
  }

  /// Waits for all shards and returns them by their numbers.
  func finish() throws(StoreError) -> [Int: Pressed] {
    group.wait()
    let (pressed, failure) = state.withLock { ($0.pressed, $0.failure) }
    if let failure { throw failure }
    return pressed
  }

  deinit { group.wait() }
}
