import Foundation

/// A file that tells what a process is about to lock, so that what is left of one that died is known.
///
/// One process holds a claim at a time; the operating system takes it back with the process.
final class Claim {
  private static let maximumSizeInBytes = 4096

  let path: String
  private let descriptor: Int32

  /// Takes a claim, of a repository's or working tree's git directory.
  ///
  /// - Throws: ``GitError`` with code `locked` while another process holds it.
  init(_ name: String, in gitDirectory: URL) throws(GitError) {
    let directory = gitDirectory.appending(path: "stemma/claims")
    do {
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    } catch {
      let path = directory.path(percentEncoded: false)
      throw GitError("cannot create '\(path)'", systemError: errno)
    }
    path = directory.appending(path: name).path(percentEncoded: false)
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
    guard descriptor >= 0 else { throw GitError("cannot open '\(path)'", systemError: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      throw GitError(.locked, "cannot use '\(path)': another process holds it")
    }
  }

  deinit { close(descriptor) }

  /// When it was written last, in seconds.
  func time() throws(GitError) -> Double {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw GitError("cannot read '\(path)'", systemError: errno)
    }
    return FileIdentity(status).time
  }

  /// What the last holder wrote and did not take back.
  func text() throws(GitError) -> String {
    lseek(descriptor, 0, SEEK_SET)
    let bytes = try readAll(descriptor, path: path, maximumSizeInBytes: Self.maximumSizeInBytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  func replaceText(with text: String) throws(GitError) {
    let bytes = Array(text.utf8)
    guard ftruncate(descriptor, 0) == 0,
      bytes.withUnsafeBytes({ pwrite(descriptor, $0.baseAddress, $0.count, 0) }) == bytes.count
    else { throw GitError("cannot write '\(path)'", systemError: errno) }
  }
}

/// Which file a name leads to.
struct FileIdentity: Equatable {
  let device: dev_t
  let number: ino_t
  let sizeInBytes: off_t
  /// When it was changed last, in seconds.
  let time: Double

  /// Looks at a name without following a link; nil where there is nothing.
  init?(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  init(_ status: stat) {
    device = status.st_dev
    number = status.st_ino
    sizeInBytes = status.st_size
    time = Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9
  }
}
