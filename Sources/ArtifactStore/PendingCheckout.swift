import CanonicalJSON
import Foundation
import Git

/// Remembers that a branch is about to move, until git's index and the files have followed.
///
/// Killed in between, the branch names the new version while the index still holds the old one, and
/// a plain `git commit` would take the new version back. Whoever writes next ends what was begun.
struct PendingCheckout {
  private let store: Store
  /// Each working tree has its own, for each has its own index.
  private var file: URL { store.repository.gitDirectory.appending(path: "stemma/pending.json") }

  init(_ store: Store) { self.store = store }

  /// Notes a move before the reference changes.
  func begin(
    branch: String, from old: ObjectID?, to new: ObjectID, writing paths: [String]
  ) throws(StoreError) {
    let note: JSON = [
      "branch": .string(branch), "from": .string(old?.hex ?? ""), "to": .string(new.hex),
      "writing": .array(paths.sorted().map { .string($0) }),
    ]
    try DurableFile.replace(file, with: note.canonicalBytes)
  }

  func end() { try? FileManager.default.removeItem(at: file) }

  var isThere: Bool { FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) }

  /// Ends what a killed process began; the caller holds the writer lock.
  func recover() throws(StoreError) {
    guard isThere else { return }
    guard let bytes = try? Data(contentsOf: file), let note = try? JSON(parsing: Array(bytes)),
      let branch = note["branch"]?.string,
      let new = note["to"]?.string.flatMap(ObjectID.init(hex:))
    else { return end() }
    let old = note["from"]?.string.flatMap(ObjectID.init(hex:))
    let paths = Set(note["writing"]?.array?.compactMap(\.string) ?? [])
    let isMoved = try convert { () throws(GitError) in
      try store.repository.reference(branch) == new && store.repository.contains(new)
    }
    guard isMoved else { return end() }
    let differences = try convert { () throws(GitError) in
      let before = try old.map { id throws(GitError) in try store.repository.commit(id).tree }
      return try store.repository.changes(
        from: before, to: try store.repository.commit(new).tree)
    }
    let index = try convert { () throws(GitError) in try store.repository.indexEntries() }
    let entries = Dictionary(index.map { ($0.path, $0.content.id) }, uniquingKeysWith: { $1 })
    // A path that somebody staged since is theirs.
    let changes = differences.filter { entries[$0.path] == $0.old?.id }.map { change in
      TreeChange(
        path: change.path, entry: change.new.map { PathContent(id: $0.id, mode: $0.mode) })
    }
    let base = try old.map { id throws(StoreError) in try store.version(id) }
    let writes = try changes.filter { paths.contains($0.path) }.map { change throws(StoreError) in
      WorkingTree.Write(path: change.path, replacing: [try base?.file(change.path)])
    }
    try WorkingTree(store).follow(changes, writing: writes, branch: branch)
    end()
  }
}
