import Git

/// The steps of a branch as its reflog tells them, with those that were taken back.
struct BranchSteps {
  private static let undoMessage = "stemma: undo"
  private static let redoMessage = "stemma: redo"

  static let undoTitle = "undo"
  static let redoTitle = "redo"

  /// Where the branch was, the present place last.
  private(set) var places: [ObjectID] = []
  /// Where it was before steps were taken back, the last one last.
  private(set) var undone: [ObjectID] = []

  /// Follows the moves of a branch, oldest first.
  init(_ reflog: [ReflogEntry], present: ObjectID) {
    for entry in reflog {
      guard let new = entry.new else {
        (places, undone) = ([], [])
        continue
      }
      if places.isEmpty, let old = entry.old { places = [old] }
      if entry.message.hasPrefix(Self.undoMessage), places.dropLast().contains(new) {
        if let top = places.last { undone.append(top) }
        while places.last != new { places.removeLast() }
      } else if entry.message.hasPrefix(Self.redoMessage), undone.last == new {
        undone.removeLast()
        places.append(new)
      } else if places.last != new {
        places.append(new)
        undone = []
      }
    }
    if places.last != present { places.append(present) }
  }
}

extension Store {
  /// Takes the present branch back to where it was before its last step.
  ///
  /// The commits of one run are one step. Nothing is deleted: the step can be taken again.
  ///
  /// - Returns: The version that was left, and the present one.
  /// - Throws: ``StoreError`` with code `refused` where nothing can be taken back, or a file with
  ///   uncommitted changes would be overwritten.
  package func undo() throws(StoreError) -> (left: Version, present: Version) {
    try step(title: BranchSteps.undoTitle) { (steps, head) throws(StoreError) in
      var before = steps.places.dropLast()
      let run = head.memos["Run-Id"]
      while let place = before.last, let run, try version(place).memos["Run-Id"] == run {
        before.removeLast()
      }
      guard let target = before.last else {
        throw StoreError(
          .refused, "nothing can be taken back: git remembers no earlier place of this branch",
          hint: repository.workingDirectory == nil
            ? "bare repositories note no places unless git's core.logAllRefUpdates is set; "
              + "'stemma rollback REV' returns to an older version"
            : "'stemma log' shows older versions, 'stemma rollback REV' returns to one")
      }
      return target
    }
  }

  /// Takes the last step again that was taken back.
  package func redo() throws(StoreError) -> (left: Version, present: Version) {
    try step(title: BranchSteps.redoTitle) { (steps, _) throws(StoreError) in
      guard let target = steps.undone.last else {
        throw StoreError(.refused, "no step was taken back since the last change")
      }
      return target
    }
  }

  private func step(
    title: String, to target: (BranchSteps, Version) throws(StoreError) -> ObjectID
  ) throws(StoreError) -> (left: Version, present: Version) {
    let lock = try lock(purpose: "stemma \(title)")
    defer { withExtendedLifetime(lock) {} }
    try WorkingTree(self).prepare()
    let (branch, head) = try presentBranch()
    let reflog = try convert { () throws(GitError) in try repository.reflog(branch) }
    let id = try target(BranchSteps(reflog.reversed(), present: head.commit.id), head)
    let version: Version
    do throws(StoreError) {
      version = try self.version(id)
    } catch {
      throw StoreError(
        .refused, "the earlier version '\(id)' is no longer here",
        hint: "git removes unnamed versions after some weeks; fetch it from a clone that has it")
    }
    let change = try ContentChange(self, from: head, to: version.tree)
    try move(branch, from: head, to: id, change, title: title)
    return (head, version)
  }
}
