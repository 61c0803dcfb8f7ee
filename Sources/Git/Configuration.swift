import CGit2
import Foundation

extension Repository {
  /// Reads a value of git's configuration at any level, as text; nil where it is not set.
  package func configuration(_ name: String) throws(GitError) -> String? {
    try refuseNUL(name, "configuration name")
    return try withHandle { (repository) throws(GitError) in
      if let file = try Self.worktreeConfiguration(repository) {
        defer { git_config_free(file) }
        if let value = try Self.value(name, in: file) { return value }
      }
      let configuration = try makeHandle("cannot read configuration") {
        git_repository_config_snapshot(&$0, repository)
      }
      defer { git_config_free(configuration) }
      return try Self.value(name, in: configuration)
    }
  }

  /// Sets a value in the repository's own configuration.
  ///
  /// While another process writes it, this waits up to two seconds.
  ///
  /// - Throws: ``GitError`` with code `invalid` for a name that is none, and `locked` if the
  ///   configuration stays locked.
  package func setConfiguration(_ name: String, _ value: String) throws(GitError) {
    try refuseNUL(name, "configuration name")
    try refuseNUL(value, "configuration value")
    let isOfWorktree = name.lowercased().hasPrefix("core.sparsecheckout")
    try retryingWhileLocked { () throws(GitError) in
      try withHandle { (repository) throws(GitError) in
        var ofWorktree: OpaquePointer?
        if isOfWorktree { ofWorktree = try Self.worktreeConfiguration(repository) }
        let file: OpaquePointer
        if let ofWorktree {
          file = ofWorktree
        } else {
          file = try Self.localConfiguration(repository)
        }
        defer { git_config_free(file) }
        try check("cannot set configuration '\(name)'") {
          git_config_set_string(file, name, value)
        }
      }
    }
  }

  /// Removes a value from the repository's own configuration, if it is there.
  ///
  /// - Throws: As setting one does.
  package func removeConfiguration(_ name: String) throws(GitError) {
    try refuseNUL(name, "configuration name")
    try retryingWhileLocked { () throws(GitError) in
      try withHandle { (repository) throws(GitError) in
        let file = try Self.localConfiguration(repository)
        defer { git_config_free(file) }
        let status = git_config_delete_entry(file, name)
        guard status != GIT_ENOTFOUND.rawValue else { return git_error_clear() }
        try check("cannot remove configuration '\(name)'") { status }
      }
    }
  }

  /// Who signs commits: `user.name` and `user.email`, at time zero, to be changed by the caller.
  package var identity: Signature {
    get throws(GitError) {
      let name = try configuration("user.name") ?? ""
      let email = try configuration("user.email") ?? ""
      return Signature(
        name: name.isEmpty ? "Stemma" : name, email: email.isEmpty ? "stemma@localhost" : email,
        time: 0)
    }
  }

  /// Turns off git's search for renames, which is quadratic and wrong over files named by content.
  package func applyDatasetConfiguration() throws(GitError) {
    for name in ["merge.renames", "merge.directoryRenames", "diff.renames"] {
      try setConfiguration(name, "false")
    }
  }

  /// Opens the file with settings of this working tree only, which libgit2 does not read itself.
  private static func worktreeConfiguration(
    _ repository: OpaquePointer
  ) throws(GitError) -> OpaquePointer? {
    let shared = try makeHandle("cannot read configuration") {
      git_repository_config_snapshot(&$0, repository)
    }
    defer { git_config_free(shared) }
    var isOn: Int32 = 0
    guard git_config_get_bool(&isOn, shared, "extensions.worktreeconfig") == 0, isOn == 1,
      let directory = git_repository_path(repository)
    else {
      git_error_clear()
      return nil
    }
    let path = String(cString: directory) + "config.worktree"
    return try makeHandle("cannot read configuration '\(path)'") {
      git_config_open_ondisk(&$0, path)
    }
  }

  private static func localConfiguration(
    _ repository: OpaquePointer
  ) throws(GitError) -> OpaquePointer {
    let all = try makeHandle("cannot read configuration") {
      git_repository_config(&$0, repository)
    }
    defer { git_config_free(all) }
    return try makeHandle("cannot read configuration") {
      git_config_open_level(&$0, all, GIT_CONFIG_LEVEL_LOCAL)
    }
  }

  private static func value(
    _ name: String, in configuration: OpaquePointer
  ) throws(GitError) -> String? {
    var entry: UnsafeMutablePointer<git_config_entry>?
    let status = git_config_get_entry(&entry, configuration, name)
    defer { git_config_entry_free(entry) }
    guard status != GIT_ENOTFOUND.rawValue else {
      git_error_clear()
      return nil
    }
    try check("cannot read configuration '\(name)'") { status }
    // A name without a value is true.
    guard let text = entry?.pointee.value else { return "true" }
    return String(cString: text)
  }
}
