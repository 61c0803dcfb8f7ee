import Foundation

/// A path that a merge leaves for people to decide: what it was, and what each side made of it.
package struct MergeConflict: Sendable, Hashable {
  package let path: String
  package let base: PathContent?
  package let ours: PathContent?
  package let theirs: PathContent?

  package init(path: String, base: PathContent?, ours: PathContent?, theirs: PathContent?) {
    self.path = path
    self.base = base
    self.ours = ours
    self.theirs = theirs
  }
}

extension Repository {
  private func statePath(_ name: String) -> String {
    gitDirectory.appending(path: name).path(percentEncoded: false)
  }

  /// What git is in the midst of, such as a merge, or nil.
  package var unfinishedWork: String? {
    let states = [
      ("MERGE_HEAD", "merge"), ("CHERRY_PICK_HEAD", "cherry-pick"), ("REVERT_HEAD", "revert"),
      ("rebase-merge", "rebase"), ("rebase-apply", "rebase"),
    ]
    return states.first { access(statePath($0.0), F_OK) == 0 }?.1
  }

  /// The commits that are being merged into the present one; none outside of a merge.
  package var mergeHeads: [ObjectID] {
    get throws(GitError) {
      guard let bytes = try readFile(statePath("MERGE_HEAD"), maximumSizeInBytes: 1 << 16) else {
        return []
      }
      return String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        .compactMap { ObjectID(hex: String($0)) }
    }
  }

  /// Tells git that a merge is under way, which a plain `git commit` ends.
  package func beginMerge(of commit: ObjectID, message: String) throws(GitError) {
    try writeState("MERGE_MSG", message)
    try writeState("MERGE_MODE", "")
    try writeState("MERGE_HEAD", "\(commit)\n")
  }

  private func writeState(_ name: String, _ text: String) throws(GitError) {
    let path = statePath(name)
    var file = try OutputFile.create("\(path).stemma-\(getpid())")
    try file.append(Array(text.utf8))
    try file.sync()
    try file.publish(as: path, permissions: 0o644)
  }
}
