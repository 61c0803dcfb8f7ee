package import Foundation

/// Small files of the store's own folder that survive a crash of the machine.
package enum DurableFile {
  /// Replaces a file as a whole: after a crash it holds the old bytes or the new ones.
  package static func replace(_ file: URL, with bytes: [UInt8]) throws(StoreError) {
    let path = file.path(percentEncoded: false)
    let folder = file.deletingLastPathComponent().path(percentEncoded: false)
    let draft = path + ".new"
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw failure(path, errno)
    }
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure(path, errno) }
    let isWritten = append(bytes, to: descriptor) && fsync(descriptor) == 0
    let cause = errno
    close(descriptor)
    guard isWritten, rename(draft, path) == 0 else {
      unlink(draft)
      throw failure(path, isWritten ? errno : cause)
    }
    let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw failure(path, errno) }
    defer { close(directory) }
    guard fsync(directory) == 0 else { throw failure(path, errno) }
  }

  /// Writes all bytes to an open file; false when that fails, and `errno` says why.
  package static func append(
    _ bytes: some ContiguousBytes, to descriptor: Int32
  ) -> Bool {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let count = write(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return true
    }
  }

  private static func failure(_ path: String, _ cause: Int32) -> StoreError {
    StoreError(
      .io, "cannot write '\(path)': \(String(cString: strerror(cause)))",
      hint: "check the space and the permissions of the dataset")
  }
}
