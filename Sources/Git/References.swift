import CGit2
import Foundation

extension Repository {
  /// Whether git takes a name for a branch or tag below a prefix such as `refs/heads/`.
  package static func isValidName(_ name: String, under prefix: String) -> Bool {
    !name.hasPrefix("-") && name != "HEAD" && !name.contains("\0")
      && git_reference_is_valid_name(prefix + name) == 1
  }

  /// Reads a reference by its full name, through symbolic ones; nil where it does not exist.
  package func reference(_ name: String) throws(GitError) -> ObjectID? {
    try refuseNUL(name, "reference")
    return try withHandle { (repository) throws(GitError) in
      try Self.target(of: name, in: repository)
    }
  }

  /// Lists the references whose full names start with a prefix, by name.
  package func references(
    under prefix: String
  ) throws(GitError) -> [(name: String, id: ObjectID)] {
    try refuseNUL(prefix, "reference prefix")
    guard !prefix.contains(where: { "*?[\\".contains($0) }) else {
      throw GitError(.invalid, "cannot list references under '\(prefix)': no valid name")
    }
    return try withHandle { (repository) throws(GitError) in
      let iterator = try makeHandle("cannot list references under '\(prefix)'") {
        git_reference_iterator_glob_new(&$0, repository, prefix + "*")
      }
      defer { git_reference_iterator_free(iterator) }
      var found: [(name: String, id: ObjectID)] = []
      while true {
        var name: UnsafePointer<CChar>?
        let status = git_reference_next_name(&name, iterator)
        guard status != GIT_ITEROVER.rawValue, let name else { break }
        try check("cannot list references under '\(prefix)'") { status }
        let text = String(cString: name)
        // One that points nowhere, or was deleted since, is none.
        if let id = try Self.target(of: text, in: repository) { found.append((text, id)) }
      }
      return found.sorted { $0.name < $1.name }
    }
  }

  /// Moves, makes or deletes a reference, if it still holds what the caller saw.
  ///
  /// Where another process holds its lock, this waits and tries again for up to two seconds.
  ///
  /// - Parameters:
  ///   - name: The full name, such as `refs/heads/main`.
  ///   - new: What it shall name, or nil to delete it.
  ///   - expected: What it must name now, or nil if it must not exist.
  ///   - message: A line for the reflog.
  /// - Throws: ``GitError`` with code `conflict` if it names something else, `locked` if its lock
  ///   stays held, and `invalid` for a name that git does not take.
  package func updateReference(
    _ name: String, to new: ObjectID?, expecting expected: ObjectID?, message: String
  ) throws(GitError) {
    try refuseNUL(name, "reference")
    try refuseNUL(message, "reflog message")
    let signer = try identity
    try refuseNUL(signer.name, "name")
    try retryingWhileLocked { () throws(GitError) in
      let claim = try ReferenceClaim(name, holding: new?.hex ?? "-", in: commonDirectory)
      defer { withExtendedLifetime(claim) {} }
      try withHandle { (repository) throws(GitError) in
        try check("cannot sign reflog") {
          git_repository_set_ident(repository, signer.name, signer.email)
        }
        if let new {
          try Self.set(name, to: new, expecting: expected, message: message, in: repository)
        } else {
          try Self.delete(name, expecting: expected, in: repository)
        }
      }
    }
  }

  private static func set(
    _ name: String, to new: ObjectID, expecting expected: ObjectID?, message: String,
    in repository: OpaquePointer
  ) throws(GitError) {
    var oid = new.oid
    // The zero ID expects that there is no reference, and is compared under the lock.
    var current = expected?.oid ?? git_oid()
    var reference: OpaquePointer?
    let status = git_reference_create_matching(
      &reference, repository, name, &oid, 1, &current, message)
    git_reference_free(reference)
    // libgit2 does not find a reference that was to be there: it was deleted meanwhile.
    let isGone = status == GIT_ENOTFOUND.rawValue && expected != nil
    guard status != GIT_EMODIFIED.rawValue, status != GIT_EEXISTS.rawValue, !isGone else {
      git_error_clear()
      throw moved(name, expecting: expected)
    }
    try check("cannot update reference '\(name)'") { status }
  }

  private static func delete(
    _ name: String, expecting expected: ObjectID?, in repository: OpaquePointer
  ) throws(GitError) {
    var reference: OpaquePointer?
    let found = git_reference_lookup(&reference, repository, name)
    defer { git_reference_free(reference) }
    if found == GIT_ENOTFOUND.rawValue {
      git_error_clear()
      guard expected == nil else { throw moved(name, expecting: expected) }
      return
    }
    try check("cannot delete reference '\(name)'") { found }
    guard let reference, let target = git_reference_target(reference),
      ObjectID(target.pointee) == expected
    else { throw moved(name, expecting: expected) }
    // This compares again under the lock.
    let status = git_reference_delete(reference)
    guard status != GIT_EMODIFIED.rawValue, status != GIT_ENOTFOUND.rawValue else {
      git_error_clear()
      throw moved(name, expecting: expected)
    }
    try check("cannot delete reference '\(name)'") { status }
  }

  private static func moved(_ name: String, expecting expected: ObjectID?) -> GitError {
    let claim = expected.map { "it is no longer at '\($0)'" } ?? "it exists"
    return GitError(.conflict, "cannot update reference '\(name)': \(claim)")
  }

  /// Reads what a reference names in the end; nil where it, or what it points to, is absent.
  static func target(
    of name: String, in repository: OpaquePointer
  ) throws(GitError) -> ObjectID? {
    var oid = git_oid()
    let status = git_reference_name_to_id(&oid, repository, name)
    guard status != GIT_ENOTFOUND.rawValue else {
      git_error_clear()
      return nil
    }
    try check("cannot read reference '\(name)'") { status }
    return ObjectID(oid)
  }

  /// Runs a change again, up to two seconds, while another process holds a lock.
  func retryingWhileLocked(_ change: () throws(GitError) -> Void) throws(GitError) {
    let start = ContinuousClock.now
    var pause: useconds_t = 1_000
    while true {
      do throws(GitError) {
        return try change()
      } catch {
        guard error.code == .locked, start.duration(to: .now) < .seconds(2) else { throw error }
      }
      // Random, so that two processes do not meet again and again.
      usleep(useconds_t.random(in: (pause / 2)...pause))
      pause = min(pause * 2, 100_000)
    }
  }
}
