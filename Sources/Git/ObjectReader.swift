import CGit2
import Foundation
import Synchronization

/// Reads objects through its own libgit2 handles, for one worker.
///
/// Any task may call it, one at a time; threads that share one do not read faster.
package final class ObjectReader: ObjectSource {
  private struct Handle: ~Copyable, @unchecked Sendable {  // reached only through the mutex below
    let repository: OpaquePointer
    let objects: OpaquePointer
    let packDirectory: String

    static func open(_ location: RepositoryLocation) throws(GitError) -> Handle {
      let repository = try location.open()
      do throws(GitError) {
        let directory = git_repository_commondir(repository).map { String(cString: $0) } ?? ""
        let packs = directory + "objects/pack"
        try PackIndexRules.check(packDirectory: packs)
        let objects = try makeHandle("cannot open objects") { git_repository_odb(&$0, repository) }
        return Handle(repository: repository, objects: objects, packDirectory: packs)
      } catch {
        git_repository_free(repository)
        throw error
      }
    }

    deinit {
      git_odb_free(objects)
      git_repository_free(repository)
    }
  }

  private let handle: Mutex<Handle>
  private let packs: PackSet

  init(_ location: RepositoryLocation) throws(GitError) {
    let handle = try Handle.open(location)
    packs = PackSet(handle.packDirectory)
    self.handle = Mutex(handle)
  }

  package func withObject<Result>(
    _ id: ObjectID, as kind: ObjectKind, maximumSizeInBytes: Int,
    _ body: (RawSpan) throws(GitError) -> Result
  ) throws(GitError) -> Result {
    try read(id, as: kind, maximumSizeInBytes: maximumSizeInBytes).withBytes(body)
  }

  /// The bytes of a blob, which nobody has checked: not even git's checksum.
  func uncheckedBlob(
    _ id: ObjectID, maximumSizeInBytes: Int
  ) throws(GitError) -> ObjectBytes {
    if let blob = packs.blob(id, maximumSizeInBytes: maximumSizeInBytes) { return blob }
    return try read(id, as: .blob, maximumSizeInBytes: maximumSizeInBytes)
  }

  private func read(
    _ id: ObjectID, as kind: ObjectKind, maximumSizeInBytes: Int
  ) throws(GitError) -> ObjectBytes {
    try handle.withLock { (handle) throws(GitError) -> ObjectBytes in
      var oid = id.oid
      var size = 0
      var type = GIT_OBJECT_INVALID
      // The header first: a hostile object may announce more than memory holds.
      try check("cannot read object '\(id)'") {
        git_odb_read_header(&size, &type, handle.objects, &oid)
      }
      guard ObjectKind(type) == kind else {
        let found = ObjectKind(type)?.rawValue ?? "unknown"
        throw GitError(.invalid, "cannot read object '\(id)': expected a \(kind), found a \(found)")
      }
      guard size >= 0, size <= maximumSizeInBytes else {
        throw GitError(
          .tooLarge,
          "cannot read object '\(id)': \(UInt(bitPattern: size)) bytes, at most "
            + "\(maximumSizeInBytes) are allowed")
      }
      let pointer = try makeHandle("cannot read object '\(id)'") {
        git_odb_read(&$0, handle.objects, &oid)
      }
      let object = ObjectBytes(pointer)
      guard object.count == size else {
        throw GitError(.corrupt, "cannot read object '\(id)': its size differs from its header")
      }
      return object
    }
  }

  /// The size of an object without its header.
  func sizeInBytes(of id: ObjectID) throws(GitError) -> Int {
    try handle.withLock { (handle) throws(GitError) in
      var oid = id.oid
      var size = 0
      var type = GIT_OBJECT_INVALID
      try check("cannot read object '\(id)'") {
        git_odb_read_header(&size, &type, handle.objects, &oid)
      }
      return size
    }
  }

  package func contains(_ id: ObjectID) -> Bool {
    contains(id, refreshing: true)
  }

  /// Says whether the object is stored; without refreshing, only packs seen before count.
  func contains(_ id: ObjectID, refreshing: Bool) -> Bool {
    handle.withLock { handle in
      var oid = id.oid
      let flags = refreshing ? 0 : GIT_ODB_LOOKUP_NO_REFRESH.rawValue
      return git_odb_exists_ext(handle.objects, &oid, flags) == 1
    }
  }

  /// Looks for packs that were added or removed since.
  package func refresh() throws(GitError) {
    try handle.withLock { (handle) throws(GitError) in
      _ = try check("cannot refresh objects") { git_odb_refresh(handle.objects) }
    }
  }
}
