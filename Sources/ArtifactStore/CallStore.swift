import CanonicalJSON
package import Foundation
package import Git
import Synchronization

/// Where calls are kept: one history a writer, and fetched copies of others'.
package enum CallReferences {
  package static let own = "refs/stemma/calls/"
  package static let fetched = "refs/stemma/remotes/"

  package static func all(in repository: Repository) throws(StoreError)
    -> [(name: String, id: ObjectID)]
  {
    try convert { () throws(GitError) in
      try repository.references(under: own)
        + repository.references(under: fetched).filter { $0.name.contains("/calls/") }
    }
  }
}

/// Reads the key out of a call's line.
enum CallKeys {
  static func key(_ record: Record) throws(StoreError) -> Digest {
    guard let text = try record.value()["key"]?.string, let key = Digest(hex: text) else {
      throw StoreError(.corrupt, "call '\(record.id)' has no key")
    }
    return key
  }
}

/// The recorded calls: sealed ones in git, newer ones in the journal.
package final class CallStore: Sendable {
  private struct Pending {
    /// Those that are durable, for looking up.
    var calls: [Digest: Record] = [:]
    /// All that the journal holds or is about to hold, in order.
    var unsealed: [Call] = []
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
  /// The journal is durable by itself; sealing often would only make many packs.
  private static let sealInterval = Duration.seconds(600)

  private let store: Store
  private let journal: CallJournal
  private let reference: String
  private let pending: Mutex<Pending>

  /// Opens the calls for writing and takes over what an earlier run left in the journal.
  ///
  /// The caller holds the writer lock until ``close()``.
  package init(_ store: Store) throws(StoreError) {
    self.store = store
    reference = CallReferences.own + (try WriterIdentity.current(in: store.folder))
    let folder = store.folder.appending(path: "journal")
    var left = Pending()
    for file in try CallJournal.files(in: folder) {
      for payload in try CallJournal.payloads(of: file.url) {
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

  package func close() { journal.close() }

  /// The recorded calls of a key, the smallest id first; empty when it was never answered.
  package func find(_ key: Digest) throws(StoreError) -> [Record] {
    // First those of the journal: a seal enters them in the index before it lets them go here.
    let recent = pending.withLock { $0.calls[key] }
    var calls: [Record] = []
    for call in try store.index.calls(key: key) where calls.last?.id != call.id {
      do throws(StoreError) {
        calls.append(try Record(.calls, line: try store.reader.line(at: call.location)))
      } catch {
        // The index remembers calls that were pruned since.
        guard error.code == .missing else { throw error }
      }
    }
    if let record = recent, !calls.contains(where: { $0.id == record.id }) {
      calls.append(record)
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
    pending.withLock { $0.add((key, record)) }
    try await journal.append(record.line)
    let isDue = pending.withLock { pending in
      pending.calls[key] = record
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
    let taken = pending.withLock { $0.unsealed }
    var new: [Call] = []
    new.reserveCapacity(taken.count)
    for call in taken {
      let known = try store.index.calls(key: call.key).contains {
        $0.id == call.record.id && store.repository.contains($0.location.object)
      }
      if !known { new.append(call) }
    }
    if !new.isEmpty { try commit(new) }
    pending.withLock { pending in
      pending.unsealed.removeFirst(taken.count)
      pending.unsealedSizeInBytes = pending.unsealed.reduce(0) { $0 + $1.record.line.count }
      for call in taken where pending.calls[call.key]?.id == call.record.id {
        pending.calls[call.key] = nil
      }
    }
    for file in files { try? FileManager.default.removeItem(at: file) }
  }

  private func commit(_ calls: [Call]) throws(StoreError) {
    let pack = store.repository.makePackWriter()
    var writer = ShardWriter(kind: .calls, press: ShardPress(pack: pack))
    var seen = RecordIDTable(minimumCapacity: calls.count)
    for call in calls where seen.insert(call.record.id).isNew {
      try writer.add(call.record, key: call.key)
    }
    let shards = try writer.finish(ids: seen.ids[...])
    let old = try convert { () throws(GitError) in try store.repository.reference(reference) }
    try convert { () throws(GitError) in
      let base = try old.map { id throws(GitError) in try store.repository.commit(id).tree }
      let tree = try store.repository.write(
        changes: shards.map {
          TreeChange(path: $0.path.text, entry: PathContent(id: $0.shard.object))
        },
        onto: base, into: pack)
      let commit = try store.repository.write(
        commit: CommitDraft(
          tree: tree, parents: old.map { [$0] } ?? [], message: "\(seen.count) calls\n",
          author: store.repository.identity.at(time: Store.now)), into: pack)
      try pack.finish()
      try store.repository.updateReference(
        reference, to: commit, expecting: old, message: "stemma: seal calls")
    }
    // The calls are there; who needs the index makes up for what could not be written.
    do {
      try store.index.add(shards.map(\.shard))
    } catch {
      try store.index.catchUpCalls()
    }
  }
}

/// The name under which this copy of a dataset writes calls.
package enum WriterIdentity {
  /// Reads the identity, or makes one when there is none or the folder was copied from elsewhere.
  package static func current(in folder: URL) throws(StoreError) -> String {
    let file = folder.appending(path: "writer.json")
    if let bytes = try? Data(contentsOf: file), let value = try? JSON(parsing: Array(bytes)),
      value["place"] == place(of: folder), let id = value["id"]?.string, UUID(uuidString: id) != nil
    {
      return id
    }
    return try renew(in: folder)
  }

  /// Makes a new identity, for a copy whose old one is another's.
  package static func renew(in folder: URL) throws(StoreError) -> String {
    let id = UUID().uuidString.lowercased()
    let value = JSON.object(JSONObject([("id", .string(id)), ("place", place(of: folder))]))
    try DurableFile.replace(folder.appending(path: "writer.json"), with: value.canonicalBytes)
    return id
  }

  private static func place(of folder: URL) -> JSON {
    [
      "machine": .string(machine),
      "path": .string(folder.resolvingSymlinksInPath().path(percentEncoded: false)),
    ]
  }

  private static var machine: String {
    let text = try? String(contentsOfFile: "/etc/machine-id", encoding: .utf8)
    return text?.trimmingCharacters(in: .whitespacesAndNewlines)
      ?? ProcessInfo.processInfo.hostName
  }
}
