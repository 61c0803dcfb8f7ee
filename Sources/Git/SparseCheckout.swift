import Foundation

extension Repository {
  /// Whether git keeps some files out of this working tree; nil if nobody decided.
  package var usesSparseCheckout: Bool? {
    get throws(GitError) {
      guard let value = try configuration("core.sparseCheckout")?.lowercased() else { return nil }
      return ["true", "yes", "on", "1"].contains(value)
    }
  }

  /// Makes git keep folders out of this working tree from now on.
  ///
  /// This sets patterns and configuration only. Patterns that somebody set before stay.
  ///
  /// - Parameter folders: Paths from the root, such as `samples`; `x/*` means the folders in `x`.
  /// - Throws: ``GitError`` with code `invalid` for a folder that may not be in a tree or in a
  ///   bare repository, and `locked` while another process sets patterns.
  package func hideFromWorkingTree(folders: [String]) throws(GitError) {
    _ = try requiredWorkingDirectory
    let directory = gitDirectory.appending(path: "info").path(percentEncoded: false)
    let path = directory + "/sparse-checkout"
    var lines = ["/*"]
    if try usesSparseCheckout == true, let bytes = try readFile(path, maximumSizeInBytes: 1 << 20) {
      let text = String(decoding: bytes, as: UTF8.self)
      lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      while lines.last?.isEmpty == true { lines.removeLast() }
    }
    for folder in folders {
      _ = try PathRules.components(of: folder)
      let name = folder.hasSuffix("/*") ? folder.dropLast(2) : folder[...]
      guard !name.contains(where: { "*?[\n".contains($0) }), name.last != " " else {
        throw GitError(.invalid, "cannot hide folder '\(folder)': its name is a pattern")
      }
      let line = "!/\(folder)/"
      if !lines.contains(line) { lines.append(line) }
    }
    if mkdir(directory, 0o777) != 0, errno != EEXIST {
      throw GitError("cannot create '\(directory)'", systemError: errno)
    }
    try retryingWhileLocked { () throws(GitError) in
      try replace(path, with: Array((lines.joined(separator: "\n") + "\n").utf8))
    }
    // The patterns are no cones, in which git takes a list of folders to include.
    try setConfiguration("core.sparseCheckoutCone", "false")
    try setConfiguration("core.sparseCheckout", "true")
  }

  private func replace(_ path: String, with bytes: [UInt8]) throws(GitError) {
    do throws(GitError) {
      let lock = try FileLock.take(on: path, in: gitDirectory)
      var file = try OutputFile.create(lock?.draft ?? path + ".lock")
      try file.append(bytes)
      try file.sync()
      try file.publish(as: path, permissions: 0o644)
      withExtendedLifetime(lock) {}
    } catch {
      guard error.code == .exists else { throw error }
      throw GitError(.locked, "cannot set '\(path)': another process holds its lock")
    }
  }

  /// Removes the files of folders from the working tree, and makes git take them as left out.
  ///
  /// Files that differ from the index stay, as do files that git does not track.
  ///
  /// - Returns: The paths of tracked files that stay since they were modified.
  /// - Throws: As updating the index does, and ``GitError`` with code `permission` or `io` for a
  ///   file that cannot be removed.
  package func clearWorkingTree(folders: [String]) throws(GitError) -> [String] {
    var files = WorkingFiles(root: try requiredWorkingDirectory)
    var changes: [IndexChange] = []
    var unmodified: [(path: String, status: stat)] = []
    var kept: [String] = []
    for entry in try indexEntries() where !entry.skipsWorkingTree && !entry.isConflict {
      let isInside = folders.contains { folder in
        guard folder.hasSuffix("/*") else { return entry.path.utf8.starts(with: "\(folder)/".utf8) }
        let parent = folder.dropLast()
        return entry.path.utf8.starts(with: parent.utf8)
          && entry.path.utf8.dropFirst(parent.utf8.count).contains(UInt8(ascii: "/"))
      }
      guard isInside else { continue }
      if let status = files.status(of: entry.path, ifHolding: entry.content.id) {
        unmodified.append((entry.path, status))
      } else if files.exists(entry.path) {
        kept.append(entry.path)
        continue
      }
      changes.append(
        IndexChange(path: entry.path, entry: entry.content, skipsWorkingTree: true))
    }
    // The index first: killed between, git finds files that it need not have, and says nothing.
    try updateIndex(changes)
    for (path, status) in unmodified {
      try files.remove(path, ifStill: status)
      files.removeEmptyFolders(above: path)
    }
    return kept
  }
}
