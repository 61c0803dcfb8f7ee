import Foundation

/// A git hook of a dataset: a thin script that calls `stemma hook NAME`.
package struct DatasetHook: Sendable, Hashable {
  package let name: String
  package let script: String

  private init(_ name: String, _ script: [UInt8]) {
    self.name = name
    self.script = String(decoding: script, as: UTF8.self)
  }

  /// The hooks of whoever works on a dataset.
  package static let client = [
    DatasetHook("pre-commit", PackageResources.pre_commit_sh),
    DatasetHook("commit-msg", PackageResources.commit_msg_sh),
    DatasetHook("pre-push", PackageResources.pre_push_sh),
    DatasetHook("post-checkout", PackageResources.post_checkout_sh),
    DatasetHook("post-merge", PackageResources.post_merge_sh),
  ]
  /// The hooks of a server that others push to.
  package static let server = [DatasetHook("pre-receive", PackageResources.pre_receive_sh)]
  package static let all = client + server

  /// What a hook that was there before is called from then on; the script runs it first.
  package var formerName: String { name + ".before-stemma" }

  /// The second line of each script, by which Stemma knows its own.
  private static let mark =
    "# A hook of Stemma's, written by 'stemma hook install', which also replaces it."
  /// What earlier releases wrote, to the byte.
  private static let formerScripts: Set = [
    """
    #!/bin/sh
    # Refuses a commit whose recipe, prompt templates or sources Stemma could not read.
    command -v stemma >/dev/null 2>&1 || exit 0
    exec stemma hook pre-commit

    """
  ]

  /// Whether a script is one of Stemma's, of this release or another.
  static func isOwn(_ script: String) -> Bool {
    if formerScripts.contains(script) { return true }
    let lines = script.split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
    return lines.count > 1 && lines[0] == "#!/bin/sh" && lines[1] == mark
  }
}
