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
      /// Shards that wait for their thread, by number.
      var waiting: [Int: [UInt8]] = [:]
      /// Emptied shards, whose memory is used again.
      var spare: [[UInt8]] = []
    }

    let pack: PackWriter
    let state = Mutex(State())
    let places = DispatchSemaphore(value: workerCount + 1)

    init(pack: PackWriter) { self.pack = pack }

    func press(_ number: Int, _ kind: RecordKind) {
      defer { places.signal() }
      let (taken, known) = state.withLock {
        ($0.waiting.removeValue(forKey: number), $0.codecs.popLast())
      }
      guard var content = taken else { return }
      let codec = known ?? ZstdCodec()
      do throws(StoreError) {
        let path = ArtifactPath(kind: kind, digest: Digest(of: content))
        let object = try codec.compress(content) { (frame) throws(StoreError) in
          try convert { () throws(GitError) in try pack.add(.blob, frame) }
        }
        state.withLock { $0.pressed[number] = Pressed(path: path, object: object) }
      } catch {
        state.withLock { $0.failure = $0.failure ?? error }
      }
      content.removeAll(keepingCapacity: true)
      state.withLock {
        $0.codecs.append(codec)
        $0.spare.append(content)
      }
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
    work.state.withLock { $0.waiting[number] = content }
    queues[number % Self.workerCount].async(group: group) { [work] in work.press(number, kind) }
    return number
  }

  /// Room for the lines of a shard.
  func makeRoom(_ kind: RecordKind) -> [UInt8] {
    if let spare = work.state.withLock({ $0.spare.popLast() }) { return spare }
    var room: [UInt8] = []
    room.reserveCapacity(Shard.targetSizeInBytes(of: kind) + (64 << 10))
    return room
  }

  /// Waits for all shards and returns them by their numbers.
  func finish() throws(StoreError) -> [Int: Pressed] {
    group.wait()
    let (pressed, failure) = work.state.withLock { ($0.pressed, $0.failure) }
    if let failure { throw failure }
    return pressed
  }
}
