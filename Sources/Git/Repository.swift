import CGit2
package import Foundation
import Synchronization

/// A git repository that any task may use, one call at a time.
///
/// Calls block, so they belong on a thread that may wait. Objects are read through an own reader,
/// so that reading does not wait for references or the index.
package final class Repository: ObjectSource {
  struct Handle: ~Copyable, @unchecked Sendable {  // reached only through the mutex below
    let pointer: OpaquePointer
    deinit { git_repository_free(pointer) }
  }

  private let handle: Mutex<Handle>
  private let location: RepositoryLocation
  /// The reader behind all calls that read objects.
  let objects: ObjectReader

  /// The root of the files on disk, or nil in a bare repository.
  package let workingDirectory: URL?
  /// The directory with this working tree's HEAD and index.
  package let gitDirectory: URL
  /// The directory with objects and references, which linked working trees share.
  package let commonDirectory: URL

  private init(_ location: RepositoryLocation) throws(GitError) {
    let handle = Handle(pointer: try location.open())
    workingDirectory = Self.directory(git_repository_workdir(handle.pointer))
    guard let gitDirectory = Self.directory(git_repository_path(handle.pointer)),
      let commonDirectory = Self.directory(git_repository_commondir(handle.pointer))
    else { throw GitError(.notARepository, "cannot open repository: it has no path") }
    self.gitDirectory = gitDirectory
    self.commonDirectory = commonDirectory
    // Later handles open the same repository even if a nearer one appears.
    self.location =
      location.usesEnvironment
      ? location
      : RepositoryLocation(
        path: gitDirectory.path(percentEncoded: false), searches: false, usesEnvironment: false)
    objects = try ObjectReader(self.location)
    self.handle = Mutex(handle)
  }

  private static func directory(_ path: UnsafePointer<CChar>?) -> URL? {
    path.map { URL(filePath: String(cString: $0), directoryHint: .isDirectory) }
  }

  /// Opens the repository that holds a directory; its `.git` or a bare repository serves too.
  ///
  /// - Throws: ``GitError`` with code `notARepository` if none is there or above, and
  ///   `permission` if it belongs to a user whom git does not trust.
  package static func open(at directory: URL) throws(GitError) -> Repository {
    try Repository(
      RepositoryLocation(
        path: directory.path(percentEncoded: false), searches: true, usesEnvironment: false))
  }

  /// Opens the repository that git's environment variables name, as a hook must, or else the one
  /// that holds the current directory.
  package static func openFromEnvironment() throws(GitError) -> Repository {
    try Repository(RepositoryLocation(path: "", searches: true, usesEnvironment: true))
  }

  /// Makes a repository with a working tree, and the directory if needed.
  ///
  /// - Parameters:
  ///   - directory: The root of the working tree.
  ///   - branch: The short name of the first branch, which has no commit yet.
  /// - Returns: The open repository.
  /// - Throws: ``GitError`` with code `exists` if the directory is a repository's root already.
  package static func create(
    at directory: URL, branch: String = "main"
  ) throws(GitError) -> Repository {
    try startLibrary()
    let path = directory.path(percentEncoded: false)
    try refuseNUL(path, "path")
    try refuseNUL(branch, "branch")
    guard git_reference_is_valid_name("refs/heads/\(branch)") == 1 else {
      throw GitError(.invalid, "cannot create branch '\(branch)': no valid name")
    }
    let head = strdup(branch)
    defer { free(head) }
    var options = git_repository_init_options()
    try check("cannot create repository") {
      git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION))
    }
    options.flags = GIT_REPOSITORY_INIT_MKPATH.rawValue | GIT_REPOSITORY_INIT_NO_REINIT.rawValue
    options.initial_head = UnsafePointer(head)
    let pointer = try makeHandle("cannot create repository '\(path)'") {
      git_repository_init_ext(&$0, path, &options)
    }
    git_repository_free(pointer)
    return try Repository(
      RepositoryLocation(path: path, searches: false, usesEnvironment: false))
  }

  /// Lends the libgit2 handle to a closure that no other call interrupts.
  func withHandle<Result: Sendable>(
    _ body: (OpaquePointer) throws(GitError) -> Result
  ) throws(GitError) -> Result {
    try handle.withLock { (handle) throws(GitError) in try body(handle.pointer) }
  }

  /// Makes a reader with handles of its own, for one worker.
  package func reader() throws(GitError) -> ObjectReader {
    try ObjectReader(location)
  }

  package func withObject<Result>(
    _ id: ObjectID, as kind: ObjectKind, maximumSizeInBytes: Int,
    _ body: (RawSpan) throws(GitError) -> Result
  ) throws(GitError) -> Result {
    try objects.withObject(id, as: kind, maximumSizeInBytes: maximumSizeInBytes, body)
  }

  /// The bytes of a blob as they lie there, which stay as long as the caller keeps them.
  ///
  /// Nobody has checked them, not even git its checksum: for those who do, by a checksum or a digest of their own.
  ///
  /// - Throws: As ``withObject(_:as:maximumSizeInBytes:_:)``.
  package func uncheckedBlob(
    _ id: ObjectID, maximumSizeInBytes: Int
  ) throws(GitError) -> ObjectBytes {
    try objects.uncheckedBlob(id, maximumSizeInBytes: maximumSizeInBytes)
  }

  package func contains(_ id: ObjectID) -> Bool {
    objects.contains(id)
  }

  /// The size of an object's content; the content is not read.
  package func sizeInBytes(of id: ObjectID) throws(GitError) -> Int {
    try objects.sizeInBytes(of: id)
  }

  /// Where to run git's own program for this repository.
  package var commandDirectory: URL { workingDirectory ?? gitDirectory }

  /// Looks for packs that were added or removed since.
  package func refresh() throws(GitError) {
    try objects.refresh()
    try withHandle { (repository) throws(GitError) in
      let odb = try makeHandle("cannot open objects") { git_repository_odb(&$0, repository) }
      defer { git_odb_free(odb) }
      _ = try check("cannot refresh objects") { git_odb_refresh(odb) }
    }
  }
}
