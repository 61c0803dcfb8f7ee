import ArtifactStore
package import Foundation
import Synchronization

/// Requests that wait to be submitted in batches: in files that nobody else sees, so that any number of them
/// takes little memory.
package final class BatchQueue: Sendable {
  private struct State {
    var keys = Set<CallKey>()
    var spools: [String: RequestSpool] = [:]
    var failure: StoreError?
  }

  private let folder: URL
  private let rejections: [String: String]
  private let state = Mutex(State())

  /// - Parameters:
  ///   - folder: Where the files are.
  ///   - rejections: Why requests are not asked again, by their keys.
  package init(in folder: URL, rejections: [String: String] = [:]) {
    self.folder = folder
    self.rejections = rejections
  }

  /// Why a request is not asked again, if it is not.
  func rejection(of key: CallKey) -> String? {
    rejections.isEmpty ? nil : rejections[key.description]
  }

  package var isEmpty: Bool { state.withLock(\.keys.isEmpty) }

  /// Adds a request, once however often it is asked.
  func add(_ form: RequestForm, for teacher: BatchTeacher) {
    state.withLock { state in
      guard state.keys.insert(form.key).inserted, state.failure == nil else { return }
      do throws(StoreError) {
        let known = state.spools[teacher.account]
        let spool = if let known { known } else { try RequestSpool(in: folder, for: teacher) }
        state.spools[teacher.account] = spool
        try spool.append(BatchedRequest(form).line)
      } catch {
        state.failure = error
      }
    }
  }

  /// The requests of each account, in the order in which they came; nothing is added after that.
  ///
  /// - Throws: ``StoreError`` when they could not be written.
  func spools() throws(StoreError) -> [RequestSpool] {
    let state = state.withLock { $0 }
    if let failure = state.failure { throw failure }
    return state.spools.sorted { $0.key < $1.key }.map(\.value)
  }
}

/// The requests of one account, a line each, in a file without a name.
final class RequestSpool: @unchecked Sendable {
  private static let bufferSizeInBytes = 256 << 10

  let teacher: BatchTeacher
  private let descriptor: Int32
  private var buffer: [UInt8] = []

  init(in folder: URL, for teacher: BatchTeacher) throws(StoreError) {
    self.teacher = teacher
    let path = folder.path(percentEncoded: false)
    var template = Array((path + "/queue-XXXXXX").utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw Self.failure(path) }
    unlink(template)
  }

  deinit { close(descriptor) }

  func append(_ line: [UInt8]) throws(StoreError) {
    buffer += line
    if buffer.count >= Self.bufferSizeInBytes { try flush() }
  }

  /// Its lines from the first one on.
  func lines() throws(StoreError) -> NumberedLines {
    try flush()
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw Self.failure("requests") }
    return NumberedLines(descriptor, name: "the queue of requests")
  }

  private func flush() throws(StoreError) {
    guard DurableFile.append(buffer, to: descriptor) else { throw Self.failure("requests") }
    buffer = []
  }

  private static func failure(_ what: String) -> StoreError {
    StoreError(
      .io, "cannot queue requests in '\(what)': \(String(cString: strerror(errno)))",
      hint: "check the space and the permissions of the dataset")
  }
}
