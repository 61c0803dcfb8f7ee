import Foundation

/// Looks at the files on disk without following links out of the working tree.
struct WorkingFiles {
  /// The largest file that is compared with its object.
  private static let maximumSizeInBytes = 1 << 30

  private let root: String
  /// What was found out about folders, by the bytes of their paths: equal text may differ there.
  private var realFolders: [[UInt8]: Bool] = [[]: true]

  /// Looks at the files of one working tree.
  init(root: URL) {
    let path = root.path(percentEncoded: false)
    self.root = path.hasSuffix("/") ? path : path + "/"
  }

  /// Whether something is at the path, even a broken link.
  mutating func exists(_ path: String) -> Bool {
    var status = stat()
    return isInRealFolder(path) && lstat(root + path, &status) == 0
  }

  /// The status of a regular file whose bytes are those of a blob; nil for any other.
  mutating func status(of path: String, ifHolding id: ObjectID) -> stat? {
    guard isInRealFolder(path) else { return nil }
    let descriptor = open(root + path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // The status is read before the bytes: a later change shows in the time.
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let bytes = try? readAll(
        descriptor, path: path, maximumSizeInBytes: Self.maximumSizeInBytes),
      ObjectID(hashing: .blob, bytes) == id
    else { return nil }
    return status
  }

  /// Removes a file unless it changed since its status was read.
  mutating func remove(_ path: String, ifStill old: stat) throws(GitError) {
    var status = stat()
    guard isInRealFolder(path), lstat(root + path, &status) == 0, status.st_ino == old.st_ino,
      status.st_size == old.st_size, status.st_mtim.tv_sec == old.st_mtim.tv_sec,
      status.st_mtim.tv_nsec == old.st_mtim.tv_nsec
    else { return }
    guard unlink(root + path) == 0 || errno == ENOENT else {
      throw GitError("cannot remove '\(path)'", systemError: errno)
    }
  }

  /// Removes the folders above a path that are empty now.
  func removeEmptyFolders(above path: String) {
    var folder = Self.folder(of: path)
    while !folder.isEmpty, rmdir(root + folder) == 0 { folder = Self.folder(of: folder) }
  }

  /// Whether all folders above a path are folders, rather than links to some.
  private mutating func isInRealFolder(_ path: String) -> Bool {
    let folder = Self.folder(of: path)
    if let known = realFolders[Array(folder.utf8)] { return known }
    var status = stat()
    let isReal =
      isInRealFolder(folder) && lstat(root + folder, &status) == 0
      && status.st_mode & S_IFMT == S_IFDIR
    realFolders[Array(folder.utf8)] = isReal
    return isReal
  }

  private static func folder(of path: String) -> String {
    // By bytes: a combining character after the slash would hide it among characters.
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    return slash.map { String(path[..<$0]) } ?? ""
  }
}
