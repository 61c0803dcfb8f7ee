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

  /// What the threads share; it outlives the press if that goes away first.
  private final class Work: Sendable {
    struct State {
      var pressed: [Int: Pressed] = [:]
      var failure: StoreError?
      var codecs: [ZstdCodec] = []
    }

    let pack: PackWriter
    let state = Mutex(State())
    let places = DispatchSemaphore(value: workerCount + 1)

    init(pack: PackWriter) { self.pack = pack }

    func press(_ number: Int, _ kind: RecordKind, _ content: [UInt8]) {
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
  }

  private static let workerCount = 2
  // Serial queues have threads of their own, beside those that run tasks.
  private let queues = (0..<workerCount).map { DispatchQueue(label: "stemma.shards.\($0)") }
  private let group = DispatchGroup()
  private let work: Work
  private let count = Mutex(0)

  init(pack: PackWriter) { work = Work(pack: pack) }

  /// Takes over the lines of a shard and gives the number under which ``finish()`` names it.
  func press(_ kind: RecordKind, _ lines: consuming [UInt8]) throws(StoreError) -> Int {
    work.places.wait()
    if let failure = work.state.withLock({ $0.failure }) {
      work.places.signal()
      throw failure
    }
    let number = count.withLock { count in
      defer { count += 1 }
      return count
    }
    let content = lines
    queues[number % Self.workerCount].async(group: group) { [work] in
      work.press(number, kind, content)
    }
    return number
  }

  /// Waits for all shards and returns them by their numbers.
  func finish() throws(StoreError) -> [Int: Pressed] {
    group.wait()
    let (pressed, failure) = work.state.withLock { ($0.pressed, $0.failure) }
    if let failure { throw failure }
    return pressed
  }
}
