package import Foundation
import Synchronization

/// Answers that are durable but not yet committed: an append-only file with group commit.
///
/// Appends of many tasks share one write and one sync, done on a thread of its own. After a
/// failure nothing more is accepted, so that an answer is never used that may not be on disk.
package final class CallJournal: Sendable {
  private struct Entry {
    let payload: [UInt8]
    let done: CheckedContinuation<Void, any Error>
  }
  private struct State {
    var waiting: [Entry] = []
    var rotations: [CheckedContinuation<[URL], any Error>] = []
    var failure: StoreError?
    var isClosed = false
    var sizeInBytes = 0

    var isEmpty: Bool { waiting.isEmpty && rotations.isEmpty }
  }
  /// The open file; only the journal's thread touches it.
  private struct File {
    var descriptor: Int32
    var number: Int
    var sizeInBytes = CallJournal.magic.count
  }

  static let magic = Array("STEMMAJ1".utf8)
  private static let maximumPayloadSizeInBytes = Shard.maximumLineSizeInBytes + (1 << 20)

  private static let crowd = 4
  private static let gatheringMicroseconds: UInt32 = 1000

  private let folder: URL
  private let state = Mutex(State())
  private let wake = DispatchSemaphore(value: 0)
  private let closed = DispatchSemaphore(value: 0)

  /// Opens a new file behind those that are there; only the holder of the writer lock may do so.
  package init(in folder: URL) throws(StoreError) {
    self.folder = folder
    let number = (try CallJournal.files(in: folder).last?.number ?? 0) + 1
    let file = File(
      descriptor: try CallJournal.create(number, in: folder), number: number)
    let thread = Thread { [self] in work(file) }
    thread.name = "stemma journal"
    thread.start()
  }

  /// Appends one payload and returns when it is on disk.
  package func append(_ payload: [UInt8]) async throws {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      enqueue(onRefusal: done) { $0.waiting.append(Entry(payload: payload, done: done)) }
    }
  }

  /// How much was appended since the last rotation.
  package var sizeInBytes: Int { state.withLock { $0.sizeInBytes } }

  /// Starts a new file and returns those before it, oldest first.
  ///
  /// The caller seals what it reads from them, and then deletes them.
  package func rotate() async throws -> [URL] {
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<[URL], any Error>) in
      enqueue(onRefusal: done) { $0.rotations.append(done) }
    }
  }

  private func enqueue<T>(
    onRefusal done: CheckedContinuation<T, any Error>, _ change: (inout State) -> Void
  ) {
    let result: Result<Bool, StoreError> = state.withLock { state in
      if let failure = state.failure { return .failure(failure) }
      if state.isClosed { return .failure(StoreError(.refused, "the journal is closed")) }
      let wasEmpty = state.isEmpty
      change(&state)
      return .success(wasEmpty)
    }
    switch result {
    case .failure(let refusal): done.resume(throwing: refusal)
    // Who came first has woken the thread.
    case .success(let isFirst): if isFirst { wake.signal() }
    }
  }

  /// Ends the thread after what waits is written; an empty file is removed.
  package func close() {
    let wasOpen = state.withLock { state in
      defer { state.isClosed = true }
      return !state.isClosed
    }
    guard wasOpen else { return }
    wake.signal()
    closed.wait()
  }

  private func work(_ first: File) {
    var file = first
    var lastCount = 0
    while true {
      wake.wait()
      // Where answers come in crowds a moment's wait makes one sync of many.
      if lastCount >= Self.crowd { usleep(Self.gatheringMicroseconds) }
      let (entries, rotations, isClosed) = state.withLock { state in
        defer {
          state.waiting = []
          state.rotations = []
        }
        return (state.waiting, state.rotations, state.isClosed)
      }
      lastCount = entries.count
      serve(entries, &file)
      for rotation in rotations { rotation.resume(with: Result { try rotate(&file) }) }
      if isClosed, entries.isEmpty, rotations.isEmpty { break }
      if isClosed { wake.signal() }
    }
    Foundation.close(file.descriptor)
    if file.sizeInBytes == CallJournal.magic.count {
      unlink(CallJournal.path(file.number, in: folder))
    }
    closed.signal()
  }

  private func serve(_ entries: [Entry], _ file: inout File) {
    guard !entries.isEmpty else { return }
    var buffer: [UInt8] = []
    for entry in entries { CallJournal.appendFrame(entry.payload, to: &buffer) }
    do {
      if let failure = state.withLock({ $0.failure }) { throw failure }
      try CallJournal.writeAll(buffer, to: file.descriptor)
      guard fdatasync(file.descriptor) == 0 else { throw CallJournal.failure("sync the journal") }
      file.sizeInBytes += buffer.count
      state.withLock { $0.sizeInBytes += buffer.count }
      for entry in entries { entry.done.resume() }
    } catch {
      // A torn tail was never acknowledged; cutting it off keeps the file clean if that works.
      _ = ftruncate(file.descriptor, off_t(file.sizeInBytes))
      state.withLock { $0.failure = $0.failure ?? (error as? StoreError) }
      for entry in entries { entry.done.resume(throwing: error) }
    }
  }

  private func rotate(_ file: inout File) throws -> [URL] {
    let next = File(
      descriptor: try CallJournal.create(file.number + 1, in: folder), number: file.number + 1)
    Foundation.close(file.descriptor)
    file = next
    state.withLock { $0.sizeInBytes = 0 }
    return try CallJournal.files(in: folder).filter { $0.number < next.number }.map(\.url)
  }
}

extension CallJournal {
  /// The whole payloads of a file; a torn tail is left out.
  package static func payloads(of file: URL) throws(StoreError) -> [[UInt8]] {
    let bytes: [UInt8]
    do {
      bytes = Array(try Data(contentsOf: file))
    } catch {
      throw StoreError(.io, "cannot read the journal '\(file.lastPathComponent)'")
    }
    guard bytes.starts(with: magic) else { return [] }
    var payloads: [[UInt8]] = []
    var position = magic.count
    while position + 8 <= bytes.count {
      let size = Int(number(bytes, position))
      guard size <= maximumPayloadSizeInBytes, position + 8 + size <= bytes.count else { break }
      let payload = Array(bytes[(position + 8)..<(position + 8 + size)])
      guard checksum(payload) == number(bytes, position + 4) else { break }
      payloads.append(payload)
      position += 8 + size
    }
    return payloads
  }

  /// The journal's files, oldest first.
  package static func files(in folder: URL) throws(StoreError) -> [(number: Int, url: URL)] {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      return try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))
        .compactMap { name in
          guard name.hasSuffix(".journal"), let number = Int(name.dropLast(8)) else { return nil }
          return (number, folder.appending(path: name))
        }
        .sorted { $0.number < $1.number }
    } catch {
      throw StoreError(
        .io, "cannot use the folder '\(folder.path(percentEncoded: false))'",
        hint: "check that you may write there")
    }
  }

  static func appendFrame(_ payload: [UInt8], to buffer: inout [UInt8]) {
    withUnsafeBytes(of: UInt32(payload.count).bigEndian) { buffer += $0 }
    withUnsafeBytes(of: checksum(payload).bigEndian) { buffer += $0 }
    buffer += payload
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    Checksum.crc32(bytes)
  }

  private static func number(_ bytes: [UInt8], _ position: Int) -> UInt32 {
    bytes[position..<(position + 4)].reduce(0) { $0 << 8 | UInt32($1) }
  }

  private static func path(_ number: Int, in folder: URL) -> String {
    folder.appending(path: "\(number).journal").path(percentEncoded: false)
  }

  private static func create(_ number: Int, in folder: URL) throws(StoreError) -> Int32 {
    let descriptor = open(path(number, in: folder), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("make a journal") }
    do throws(StoreError) {
      try writeAll(magic, to: descriptor)
      guard fsync(descriptor) == 0 else { throw failure("sync the journal") }
      try syncFolder(folder)
    } catch {
      Foundation.close(descriptor)
      unlink(path(number, in: folder))
      throw error
    }
    return descriptor
  }

  /// Makes a new file's name durable too.
  private static func syncFolder(_ folder: URL) throws(StoreError) {
    let descriptor = open(folder.path(percentEncoded: false), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("sync the journal's folder") }
    defer { Foundation.close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failure("sync the journal's folder") }
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) throws(StoreError) {
    guard DurableFile.append(bytes, to: descriptor) else { throw failure("write the journal") }
  }

  private static func failure(_ doing: String) -> StoreError {
    let number = errno
    let reason = String(cString: strerror(number))
    let isFull = number == ENOSPC || number == EFBIG || number == EDQUOT
    return StoreError(
      .io, "cannot \(doing): \(reason)",
      hint: isFull ? "free some space and run again: every answer so far is kept" : nil)
  }
}
