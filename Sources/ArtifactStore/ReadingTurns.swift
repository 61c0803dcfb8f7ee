import Git
import Synchronization

/// Lets one thread at a time read a shard; a few other shards wait for the same turn.
final class ReadingTurns: Sendable {
  private final class Turn: Sendable {
    let mutex = Mutex(())
  }

  private let turns = (0..<64).map { _ in Turn() }

  func wait<Result: Sendable>(
    for object: ObjectID, _ body: () throws(StoreError) -> Result
  ) throws(StoreError) -> Result {
    let turn = turns[Int(UInt(bitPattern: object.hashValue) % UInt(turns.count))]
    return try turn.mutex.withLock { (_) throws(StoreError) in try body() }
  }
}
