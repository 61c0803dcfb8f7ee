import CGit2
import Foundation

/// Why git data could not be read or written.
package struct GitError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What kind of failure it is.
  package enum Code: Sendable, Hashable {
    /// The reference, path or configuration is not there.
    case notFound
    /// An object is not stored, though something may name it.
    case missingObject
    /// Another process holds the lock of a reference or of the index.
    case locked
    /// The reference does not hold the value that was expected.
    case conflict
    /// What was to be made is there already.
    case exists
    /// The stored bytes are damaged.
    case corrupt
    /// A name, path or value that git does not take.
    case invalid
    /// The object is larger than the caller allows.
    case tooLarge
    /// The operating system, or git's check of the owner, refuses access.
    case permission
    /// The disk, quota or file size limit is used up.
    case noSpace
    /// Another failure of the operating system.
    case io
    /// No repository at this place or above.
    case notARepository
  }

  /// What kind of failure it is.
  package let code: Code
  /// What failed, then why, with no capital and no final period.
  package let message: String
  /// What to do next, or nil when nothing helps.
  package let hint: String?

  /// Makes an error from its parts.
  package init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }

  package var description: String {
    guard let hint else { return message }
    return "\(message)\nhint: \(hint)"
  }
}

extension GitError {
  /// Makes an error from libgit2's status and this thread's last error, which it clears.
  ///
  /// The call must be made on the thread of the failed one, with no other libgit2 call between.
  init(_ failure: String, status: Int32) {
    let last = git_error_last()
    let category = last.map { git_error_t(UInt32($0.pointee.klass)) } ?? GIT_ERROR_NONE
    let reason = last?.pointee.message.map { String(cString: $0) } ?? ""
    git_error_clear()

    let code = Self.code(status: status, category: category, reason: reason)
    var hint: String?
    if status == GIT_EOWNER.rawValue {
      hint = Self.ownershipHint
    } else if reason.contains("unsupported extension") {
      hint = "run 'git config --get-regexp extensions' to see what the repository needs"
    } else if reason.contains("unsupported mandatory extension") {
      hint = "run 'git update-index --no-split-index' and 'git sparse-checkout reapply'"
    } else if code == .locked {
      hint = "another git process is at work, or one that crashed left a '.lock' file behind"
    }
    self.init(code, reason.isEmpty ? failure : "\(failure): \(reason)", hint: hint)
  }

  /// What to do about a repository that belongs to another user.
  static let ownershipHint =
    "if you trust it, run 'git config --global --add safe.directory <path of the repository>'"

  private static func code(status: Int32, category: git_error_t, reason: String) -> Code {
    switch git_error_code(status) {
    case GIT_ENOTFOUND where category == GIT_ERROR_ODB: .missingObject
    case GIT_ENOTFOUND, GIT_EUNBORNBRANCH: .notFound
    case GIT_EEXISTS: .exists
    case GIT_ELOCKED: .locked
    case GIT_EMODIFIED: .conflict
    case GIT_EMISMATCH: .corrupt
    case GIT_EOWNER, GIT_EAUTH, GIT_ECERTIFICATE: .permission
    case GIT_EAMBIGUOUS, GIT_EINVALIDSPEC, GIT_EINVALID, GIT_EPEEL, GIT_EBAREREPO: .invalid
    default: systemCode(in: reason) ?? code(category: category)
    }
  }

  /// Finds the operating system's reason, which libgit2 puts at the end of its message.
  private static func systemCode(in reason: String) -> Code? {
    let numbers = [EACCES, EPERM, EROFS, ENOSPC, EFBIG, EDQUOT, ENOENT, EEXIST]
    let number = numbers.first { reason.hasSuffix(systemReason($0)) }
    return number.map(code(systemError:))
  }

  private static func code(category: git_error_t) -> Code {
    switch category {
    case GIT_ERROR_ODB, GIT_ERROR_OBJECT, GIT_ERROR_TREE, GIT_ERROR_ZLIB, GIT_ERROR_SHA,
      GIT_ERROR_INDEX, GIT_ERROR_TAG, GIT_ERROR_REFERENCE:
      .corrupt
    case GIT_ERROR_INVALID, GIT_ERROR_CONFIG, GIT_ERROR_REPOSITORY: .invalid
    default: .io
    }
  }
}

extension GitError {
  /// Makes an error from the operating system's error number.
  init(_ failure: String, systemError number: Int32) {
    self.init(Self.code(systemError: number), "\(failure): \(Self.systemReason(number))")
  }

  /// Sorts the operating system's error number.
  static func code(systemError number: Int32) -> Code {
    switch number {
    case EACCES, EPERM, EROFS: .permission
    case ENOSPC, EFBIG, EDQUOT: .noSpace
    case ENOENT, ENOTDIR: .notFound
    case EEXIST: .exists
    default: .io
    }
  }

  private static func systemReason(_ number: Int32) -> String {
    strerror(number).map { String(cString: $0) } ?? "error \(number)"
  }
}
