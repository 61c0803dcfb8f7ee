import Foundation
import Git

/// What makes git show artifacts as text, and merge sources node by node: settings of a repository's own,
/// which `.gitattributes` of the dataset names.
///
/// Each setting is a line for the shell that also works where Stemma is missing. A text is not cached in
/// git's notes (`cachetextconv`): it would lie there uncompressed, and decompressing is faster than looking up.
enum GitDrivers {
  private static let settings = [
    (
      "diff.stemma.textconv",
      #"f() { command -v stemma >/dev/null 2>&1 && exec stemma hook textconv "$1"; "#
        + #"echo "(stemma is not on the PATH: an artifact of $(wc -c < "$1") bytes)"; }; f"#
    ),
    ("merge.stemma-sources.name", "taxonomies by nodes, factors and strategies by entries"),
    (
      "merge.stemma-sources.driver",
      #"f() { command -v stemma >/dev/null 2>&1 && exec stemma hook merge "$@"; "#
        + #"git merge-file -q -L ours -L base -L theirs --marker-size="$4" "$2" "$1" "$3"; }; "#
        + "f %O %A %B %L %P"
    ),
  ]

  /// Sets what is not set so already.
  static func configure(_ repository: Repository) throws {
    for (name, value) in settings where try repository.configuration(name) != value {
      try repository.setConfiguration(name, value)
    }
  }

  static func remove(from repository: Repository) throws {
    for (name, _) in settings { try repository.removeConfiguration(name) }
  }
}
