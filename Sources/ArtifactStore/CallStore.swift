import Foundation
import Git
import Synchronization

/// The recorded calls: sealed ones in git, newer ones in the journal.
package final class CallStore: Sendable {
  private struct Pending {
    /// Those that are durable, for looking up.
    var calls: [Digest: Record] = [:]
    /// All that the journal holds or is about to hold, in order.
    var unsealed: [Call] = []
    /// What makes dropped calls answer again, which is in the journal too.
    var revivals: [Record] = []
    var drops: CallDrops
    var unsealedSizeInBytes = 0
    var lastSeal = ContinuousClock.now
    var isSealing = false

    mutating func add(_ call: Call) {
      unsealed.append(call)
      unsealedSizeInBytes += call.record.line.count
    }
  }

  private typealias Call = (key: Digest, record: Record)

  private static let sealSizeInBytes = 16 << 20
  /// So much may wait for a seal that is under way; then answers wait as well.
  private static let maximumUnsealedSizeInBytes = 4 * sealSizeInBytes
  private static let revivalStart = Array(#"{"revives":"#.utf8)
  /// The journal is durable by itself; sealing often would only make many packs.
  private static let sealInterval = Duration.seconds(600)

  let store: Store
  private let journal: CallJournal
  let history: CallHistory
  /// What this session's revivals are known by.
  private let session = WriterIdentity.make()
  private let pending: Mutex<Pending>

  /// Opens the calls for writing and takes over what an earlier run left in the journal.
  ///
  /// The caller holds the writer lock until ``close()``.
  package init(_ store: Store) throws(StoreError) {
    self.store = store
    history = try CallHistory(store)
    let folder = store.folder.appending(path: "journal")
    var left = Pending(drops: try CallDrops(store))
    for file in try CallJournal.files(in: folder) {
      for payload in try CallJournal.payloads(of: file.url) {
        if payload.starts(with: Self.revivalStart),
          let record = try? Record(.tombstones, line: payload)
        {
          left.drops.apply(revival: record)
          left.revivals.append(record)
          continue
        }
        guard let record = try? Record(.calls, line: payload),
          let key = try? CallKeys.key(record)
        else { continue }
        left.calls[key] = record
        left.add((key, record))
      }
    }
    pending = Mutex(left)
    journal = try CallJournal(in: folder)
  }

  package func close() {
    journal.close()
    store.index.join()
  }

  /// What is in the journal alone.
  var unsealedRecords: [Record] { pending.withLock { $0.unsealed.map(\.record) } }

  /// The recorded calls of a key, the smallest id first; empty when it was never answered, or all its
  /// answers were dropped.
  package func find(_ key: Digest) throws(StoreError) -> [FoundCall] {
    // First those of the journal: a seal enters them in the index before it lets them go here.
    let (recent, drops) = pending.withLock { ($0.calls[key], $0.drops.isEmpty ? nil : $0.drops) }
    var calls = try store.sealedCalls(key)
    if let drops { calls.removeAll { drops.contains($0.id) } }
    if let record = recent, drops?.contains(record.id) != true,
      !calls.contains(where: { $0.id == record.id })
    {
      calls.append(FoundCall(record))
      calls.sort { $0.id < $1.id }
    }
    return calls
  }

  /// Makes a call durable; only then may its answer be used.
  package func append(_ record: Record, key: Digest) async throws {
    guard record.line.count <= Shard.maximumLineSizeInBytes else {
      throw StoreError(
        .refused, "a call of \(record.line.count) bytes is too long to keep",
        hint: "shorten the references, examples or templates that go into its prompt")
    }
    await waitForRoom()
    // Before it is in the journal: a seal takes all that the files it removes may hold.
    let revivals = pending.withLock { pending in
      pending.add((key, record))
      let revivals = pending.drops.revivals(of: record.id, run: session)
      pending.revivals += revivals
      return revivals
    }
    try await journal.append(record.line)
    for revival in revivals { try await journal.append(revival.line) }
    let isDue = pending.withLock { pending in
      pending.calls[key] = record
      pending.drops.revive(record.id)
      let isDue =
        !pending.isSealing
        && (pending.unsealedSizeInBytes > Self.sealSizeInBytes
          || pending.lastSeal.duration(to: .now) > Self.sealInterval)
      if isDue { pending.isSealing = true }
      return isDue
    }
    if isDue { try await sealing() }
  }

  /// Keeps memory and the journal within bounds while a seal is slower than the answers.
  private func waitForRoom() async {
    while pending.withLock({
      $0.isSealing && $0.unsealedSizeInBytes > Self.maximumUnsealedSizeInBytes
    }) {
      // Also after cancellation: an answer that is here is kept.
      try? await Task.sleep(for: .milliseconds(2))
      await Task.yield()
    }
  }

  /// Commits everything in the journal to the writer's history.
  package func seal() async throws {
    // A seal of another task may be under way; what it leaves is taken by this one.
    while !pending.withLock({ pending in
      defer { pending.isSealing = true }
      return !pending.isSealing
    }) {
      // Also a stopped run seals what it has, so that cancellation must not end the wait.
      try? await Task.sleep(for: .milliseconds(2))
      await Task.yield()
    }
    try await sealing()
  }

  private func sealing() async throws {
    defer {
      pending.withLock {
        $0.isSealing = false
        $0.lastSeal = .now
      }
    }
    let files = try await journal.rotate()
    let (taken, revivals) = pending.withLock { ($0.unsealed, $0.revivals) }
    var draft = CallHistory.Draft(store)
    for call in CallOrder.sorted(taken, line: \.record.line) {
      let known = try store.index.calls(key: call.key).contains {
        $0.id == call.record.id && store.repository.contains($0.location.object)
      }
      if !known { try draft.add(call.record, key: call.key) }
    }
    for revival in revivals { try draft.add(tombstone: revival) }
    try history.commit(draft)
    pending.withLock { pending in
      pending.unsealed.removeFirst(taken.count)
      pending.revivals.removeFirst(revivals.count)
      pending.unsealedSizeInBytes = pending.unsealed.reduce(0) { $0 + $1.record.line.count }
      for call in taken where pending.calls[call.key]?.id == call.record.id {
        pending.calls[call.key] = nil
      }
    }
    for file in files { try? FileManager.default.removeItem(at: file) }
  }
}

/// A recorded call where it was found: its line is a part of a shard, which is not copied.
package struct FoundCall: Sendable {
  package let id: RecordID
  package let line: ArraySlice<UInt8>

  package init(_ record: Record) {
    id = record.id
    line = record.line[...]
  }

  fileprivate init(id: RecordID, line: ArraySlice<UInt8>) {
    self.id = id
    self.line = line
  }

  package var record: Record { Record(.calls, line: Array(line), id: id) }
}

extension Store {
  /// The calls of a key that are in git, dropped or not, the smallest id first.
  package func sealedCalls(_ key: Digest) throws(StoreError) -> [FoundCall] {
    var calls: [FoundCall] = []
    for call in try index.calls(key: key) where calls.last?.id != call.id {
      do throws(StoreError) {
        calls.append(FoundCall(id: call.id, line: try reader.lineInPlace(at: call.location)))
      } catch {
        // The index remembers calls that were pruned since.
        guard error.code == .missing else { throw error }
      }
    }
    return calls
  }
}
