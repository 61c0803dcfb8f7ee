import Foundation
import Git

extension Store {
  /// Makes a new version with the content of an old one, on top of the present one.
  ///
  /// - Parameters:
  ///   - old: The version to return to.
  ///   - title: The first line of the commit message.
  /// - Returns: The new version.
  /// - Throws: ``StoreError`` with code `refused` when a file with uncommitted changes would be
  ///   overwritten, `locked` when another writer is at work.
  package func rollback(to old: Version, title: String) throws -> Version {
    let lock = try lock(purpose: "stemma rollback")
    defer { withExtendedLifetime(lock) {} }
    try WorkingTree(self).prepare()
    guard case .branch(let branch, .some) = try repository.head, let head = try head() else {
      throw StoreError(
        .refused, "HEAD names no branch with a version",
        hint: "choose one with 'git switch NAME'")
    }
    guard head.tree != old.tree else {
      throw StoreError(.refused, "the present version holds what '\(old.commit.id)' holds")
    }
    let differences = try repository.changes(from: head.tree, to: old.tree)
    let plain = differences.filter { ArtifactPath($0.path) == nil }
    try refuseOverwriting(plain.map(\.path), in: head)
    var memos = old.memos
    memos.entries.append(("Rolled-Back-To", old.commit.id.hex))
    let pack = repository.makePackWriter()
    let commit = try repository.write(
      commit: CommitDraft(
        tree: old.tree, parents: [head.commit.id], message: "\(title)\n\n\(memos.text)",
        author: repository.identity.at(time: Store.now)), into: pack)
    try pack.finish()
    let pending = PendingCheckout(self)
    try pending.begin(
      branch: branch, from: head.commit.id, to: commit, writing: plain.map(\.path))
    do {
      try repository.updateReference(
        branch, to: commit, expecting: head.commit.id, message: "stemma: \(title)")
    } catch {
      pending.end()
      throw StoreError(error)
    }
    let changes = differences.map { change in
      TreeChange(
        path: change.path, entry: change.new.map { PathContent(id: $0.id, mode: $0.mode) })
    }
    let writes = try plain.map { change in
      WorkingTree.Write(path: change.path, replacing: [nil, try head.file(change.path)])
    }
    try WorkingTree(self).follow(changes, writing: writes, branch: branch)
    pending.end()
    return try version(commit)
  }

  private func refuseOverwriting(_ paths: [String], in head: Version) throws(StoreError) {
    guard let root = repository.workingDirectory else { return }
    for path in paths {
      let present = try DatasetFiles(root: root).read(path)
      let committed = try head.file(path)
      guard present == committed || present == nil else {
        throw StoreError(
          .refused, "'\(path)' has changes that are in no version",
          hint: "commit them with git, or drop them with 'git checkout -- \(path)'")
      }
    }
  }
}
