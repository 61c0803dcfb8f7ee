import ArtifactStore
import Dataset
import Foundation
import Git

/// Keeps packs few, with git's own program.
struct Housekeeping {
  /// More packs than this make reading slow.
  private static let maximumPackCount = 20

  private let store: Store
  private let git: GitCommand

  init(_ store: Store) {
    self.store = store
    git = GitCommand(in: store.repository.commandDirectory)
  }

  /// The number of packs that reading has to look through.
  var packCount: Int { (try? store.repository.packs().count) ?? 0 }

  /// Reads what the present version's records name, so that the first look at it need not.
  ///
  /// Nothing depends on it, so that a failure is not told; who looks makes up for it.
  func index() {
    guard let head = try? store.head() else { return }
    let progress = CountProgress("shards indexed")
    try? store.links.catchUp(tree: head.tree) { progress.update($0, of: $1) }
    progress.end()
    _ = try? GrowthOrigins(head)
  }

  /// Joins small packs once there are many; what is large is not touched.
  ///
  /// Nothing depends on it, so that a failure is not told; the next command tries again.
  func tidy() {
    guard packCount > Self.maximumPackCount else { return }
    // Objects are copied as they are: searching for deltas in compressed ones is in vain.
    try? git.run(
      withAttributes() + [
        // Large packs are read through small windows, or all of them would be in memory at once.
        "-c", "core.packedGitWindowSize=16m", "-c", "core.packedGitLimit=128m",
        "-c", "repack.writeBitmaps=false", "repack", "-q", "-d", "--geometric=2", "--window=0",
      ], isQuiet: true)
  }

  /// Joins all packs, and puts what nothing names aside until it is old.
  func repack(keepingDays days: Int) throws {
    try git.run(
      withAttributes() + [
        "repack", "-q", "-a", "-d", "--cruft", "--cruft-expiration=\(days).days.ago",
      ])
    try git.run(["prune-packed", "-q"])
  }

  /// Also a bare repository must know that compressed objects have no deltas.
  private func withAttributes() -> [String] {
    let file = store.folder.appending(path: "attributes")
    do {
      try FileManager.default.createDirectory(at: store.folder, withIntermediateDirectories: true)
      try Data("*.zst -text -delta\n".utf8).write(to: file)
    } catch {
      return []
    }
    return ["-c", "core.attributesFile=\(file.path(percentEncoded: false))"]
  }
}
