import Foundation

/// Reads a whole file; nil where there is none.
///
/// - Throws: ``GitError`` with code `tooLarge` above the maximum, or the system's reason.
func readFile(_ path: String, maximumSizeInBytes: Int) throws(GitError) -> [UInt8]? {
  try refuseNUL(path, "path")
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else {
    guard errno != ENOENT, errno != ENOTDIR else { return nil }
    throw GitError("cannot open '\(path)'", systemError: errno)
  }
  defer { close(descriptor) }
  return try readAll(descriptor, path: path, maximumSizeInBytes: maximumSizeInBytes)
}

/// Reads an open file to its end.
func readAll(
  _ descriptor: Int32, path: String, maximumSizeInBytes: Int
) throws(GitError) -> [UInt8] {
  var status = stat()
  guard fstat(descriptor, &status) == 0 else {
    throw GitError("cannot read '\(path)'", systemError: errno)
  }
  var bytes: [UInt8] = []
  // One byte more than expected, so that the end is found without another buffer.
  var capacity = min(max(Int(status.st_size), 0), maximumSizeInBytes) + 1
  while true {
    let chunk = try [UInt8](reading: capacity, from: descriptor, path: path)
    bytes.append(contentsOf: chunk)
    guard bytes.count <= maximumSizeInBytes else {
      throw GitError(.tooLarge, "cannot read '\(path)': more than \(maximumSizeInBytes) bytes")
    }
    guard !chunk.isEmpty else { return bytes }
    capacity = 65536
  }
}

extension [UInt8] {
  /// Reads up to a number of bytes where the file stands; none at its end.
  fileprivate init(reading capacity: Int, from descriptor: Int32, path: String) throws(GitError) {
    var failure: Int32?
    self.init(unsafeUninitializedCapacity: capacity) { buffer, count in
      while count < capacity {
        let rest = UnsafeMutableBufferPointer(rebasing: buffer[count...])
        let result = Foundation.read(descriptor, rest.baseAddress, rest.count)
        guard result != 0 else { return }
        guard result > 0 || errno == EINTR else {
          failure = errno
          return
        }
        count += Swift.max(result, 0)
      }
    }
    if let failure { throw GitError("cannot read '\(path)'", systemError: failure) }
  }
}

/// Lists the names in a directory; none where there is no directory.
func listDirectory(_ path: String) throws(GitError) -> [String] {
  guard let directory = opendir(path) else {
    guard errno != ENOENT else { return [] }
    throw GitError("cannot list '\(path)'", systemError: errno)
  }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
      name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { names.append(name) }
  }
  return names
}

/// Makes the names in a directory survive a crash of the machine.
func syncDirectory(_ path: String) throws(GitError) {
  let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { throw GitError("cannot open '\(path)'", systemError: errno) }
  defer { close(descriptor) }
  guard fsync(descriptor) == 0 else {
    throw GitError("cannot sync '\(path)'", systemError: errno)
  }
}
