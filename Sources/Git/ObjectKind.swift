import CGit2

/// The four kinds of git objects.
package enum ObjectKind: String, Sendable, CaseIterable {
  case blob, tree, commit, tag

  /// The kind's number in a pack.
  var packType: UInt8 {
    switch self {
    case .commit: 1
    case .tree: 2
    case .blob: 3
    case .tag: 4
    }
  }

  init?(_ type: git_object_t) {
    switch type {
    case GIT_OBJECT_BLOB: self = .blob
    case GIT_OBJECT_TREE: self = .tree
    case GIT_OBJECT_COMMIT: self = .commit
    case GIT_OBJECT_TAG: self = .tag
    default: return nil
    }
  }
}
