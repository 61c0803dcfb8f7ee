import Foundation
import Synchronization

/// Writes new objects into one pack, which appears in the repository whole or not at all.
///
/// Any task may add objects; hashing and framing run side by side, only writing in turn. Memory
/// does not grow with the bytes, only by about 80 bytes an object, and by the trees it writes.
package final class PackWriter: Sendable {
  /// What a finished pack holds.
  package struct Summary: Sendable, Hashable {
    /// The pack's file name without its extension.
    package let name: String
    /// The number of objects in it.
    package let objectCount: Int
    /// The size of the pack without its index.
    package let sizeInBytes: Int
  }

  private struct State: ~Copyable {
    var file: OutputFile?
    var entries: [PackIndex.Entry] = []
    var known: Set<ObjectID> = []
    /// The trees of this pack, which nothing else can read yet.
    var trees: [ObjectID: [UInt8]] = [:]
    var isClosed = false
  }

  private let repository: Repository
  private let state = Mutex(State())

  init(_ repository: Repository) {
    self.repository = repository
  }

  /// Adds an object unless the pack or the repository has it.
  ///
  /// - Throws: ``GitError`` with code `noSpace`, `permission` or `io` if the file cannot be
  ///   written; the pack must then be abandoned.
  @discardableResult
  package func add(_ kind: ObjectKind, _ bytes: [UInt8]) throws(GitError) -> ObjectID {
    try add(kind, bytes.span.bytes)
  }

  /// Adds an object unless the pack or the repository has it.
  ///
  /// - Throws: As for an array of bytes.
  @discardableResult
  package func add(_ kind: ObjectKind, _ bytes: RawSpan) throws(GitError) -> ObjectID {
    let id = ObjectID(hashing: kind, bytes)
    if kind == .tree { rememberTree(id, bytes) }
    guard !hasObject(id), !repository.objects.contains(id, refreshing: false) else { return id }
    let entry = PackEntry(kind, bytes)
    try state.withLock { (state) throws(GitError) in
      guard !state.isClosed else {
        throw GitError(.invalid, "cannot add object '\(id)': the pack is closed")
      }
      guard state.known.insert(id).inserted else { return }
      if state.file == nil { state.file = try makeFile() }
      let offset = state.file?.sizeInBytes ?? 0
      try state.file?.append(entry.bytes)
      state.entries.append(
        PackIndex.Entry(id: id, checksum: entry.checksum, offset: offset))
    }
    return id
  }

  private func hasObject(_ id: ObjectID) -> Bool {
    state.withLock { $0.known.contains(id) }
  }

  private func rememberTree(_ id: ObjectID, _ bytes: RawSpan) {
    let copy = bytes.withUnsafeBytes { [UInt8]($0) }
    state.withLock { $0.trees[id] = copy }
  }

  /// Reads a tree of this pack or of the repository.
  func rawTree(_ id: ObjectID) throws(GitError) -> RawTree {
    guard let bytes = state.withLock({ $0.trees[id] }) else { return try repository.rawTree(id) }
    return try RawTree(bytes.span.bytes, id: id)
  }

  private func makeFile() throws(GitError) -> OutputFile {
    let directory = repository.packDirectory
    if mkdir(directory, 0o777) != 0, errno != EEXIST {
      throw GitError("cannot create '\(directory)'", systemError: errno)
    }
    let suffix = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    let name = Repository.leftoverPrefix + "\(getpid())_\(suffix)"
    var file = try OutputFile.create("\(directory)/\(name)")
    try file.append(header(objectCount: 0))
    return file
  }

  private func header(objectCount: UInt32) -> [UInt8] {
    Array("PACK".utf8) + UInt32(2).bigEndianBytes + objectCount.bigEndianBytes
  }

  /// Completes the pack and makes its objects readable, also after a crash of the machine.
  ///
  /// - Returns: What was written, or nil, and no file, if no object was added.
  /// - Throws: As adding does. Nothing is left behind then.
  @discardableResult
  package func finish() throws(GitError) -> Summary? {
    let summary = try state.withLock { (state) throws(GitError) -> Summary? in
      guard !state.isClosed else {
        throw GitError(.invalid, "cannot finish pack: it is closed")
      }
      state.isClosed = true
      state.known = []
      state.trees = [:]
      let entries = state.entries
      state.entries = []
      guard let file = state.file.take() else { return nil }
      return try publish(file, entries)
    }
    if summary != nil { try repository.refresh() }
    return summary
  }

  private func publish(
    _ file: consuming OutputFile, _ entries: [PackIndex.Entry]
  ) throws(GitError) -> Summary {
    guard let count = UInt32(exactly: entries.count) else {
      throw GitError(.tooLarge, "cannot finish pack: \(entries.count) objects are too many")
    }
    try file.replace(at: 8, with: header(objectCount: count).suffix(4))
    let digest = try file.digest()
    try file.append(digest.bytes)
    var indexFile = try OutputFile.create(file.path + "_idx")
    try PackIndex(entries, packDigest: digest).write(to: &indexFile)
    try file.sync()
    try indexFile.sync()
    let directory = repository.packDirectory
    let name = "pack-\(digest)"
    let size = file.sizeInBytes
    // The index last: it is what makes git look at the pack.
    try file.publish(as: "\(directory)/\(name).pack", permissions: 0o444)
    try indexFile.publish(as: "\(directory)/\(name).idx", permissions: 0o444)
    try syncDirectory(directory)
    return Summary(name: name, objectCount: entries.count, sizeInBytes: size)
  }

  /// Drops the pack and its file; a pack that goes out of scope unfinished does so by itself.
  package func abandon() {
    state.withLock { state in
      state.isClosed = true
      state.file = nil
      state.entries = []
      state.known = []
      state.trees = [:]
    }
  }
}

extension Repository {
  /// Makes a writer for the objects of a commit.
  package func makePackWriter() -> PackWriter {
    PackWriter(self)
  }

  var packDirectory: String {
    commonDirectory.appending(path: "objects/pack", directoryHint: .notDirectory)
      .path(percentEncoded: false)
  }
}
