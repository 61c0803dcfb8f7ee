package import Foundation

/// A git hook that a dataset gets: a thin script that calls `stemma hook NAME`.
package struct DatasetHook: Sendable, Hashable {
  package let name: String
  package let script: String

  /// The hooks that are installed with a dataset.
  package static let all = [
    DatasetHook(
      name: "pre-commit",
      script: String(decoding: PackageResources.pre_commit_sh, as: UTF8.self))
  ]

  /// Writes the scripts into a folder of hooks; one that is there already stays as it is.
  package static func install(in folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for hook in all {
      let file = folder.appending(path: hook.name)
      guard !FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) else {
        continue
      }
      try Data(hook.script.utf8).write(to: file)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: file.path(percentEncoded: false))
    }
  }
}
