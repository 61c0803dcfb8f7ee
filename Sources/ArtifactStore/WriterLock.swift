package import Foundation

/// The right to write to a dataset, held by one process at a time.
package final class WriterLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock or fails at once, naming the holder.
  ///
  /// - Throws: ``StoreError`` with code `locked` when another process writes, `io` otherwise.
  package init(at file: URL, purpose: String) throws(StoreError) {
    let path = file.path(percentEncoded: false)
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw StoreError(
        .io,
        "cannot write in '\(file.deletingLastPathComponent().path(percentEncoded: false))': "
          + String(cString: strerror(errno)), hint: "check that you may write to the dataset")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let holder = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
      close(descriptor)
      throw StoreError(
        .locked,
        "another writer holds the dataset"
          + (holder.isEmpty ? "" : ": \(holder.trimmingCharacters(in: .whitespacesAndNewlines))"),
        hint: "wait until it ends; reading works meanwhile")
    }
    let holder = "process \(ProcessInfo.processInfo.processIdentifier), \(purpose)\n"
    ftruncate(descriptor, 0)
    _ = Array(holder.utf8).withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    self.descriptor = descriptor
  }

  deinit {
    ftruncate(descriptor, 0)
    // A child that is being started has the descriptor too until it is another program.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
