import ArtifactStore
import Foundation
import Git

/// Moves damaged packs out of use, and puts what of them can be read into packs of their own.
struct Quarantine {
  private let store: Store
  private let git: GitCommand

  init(_ store: Store) {
    self.store = store
    git = GitCommand(in: store.repository.commandDirectory)
  }

  func run() throws {
    let lock = try store.lock(purpose: "stemma verify --quarantine")
    defer { withExtendedLifetime(lock) {} }
    let packs = try store.repository.packs()
      .filter { store.repository.damage(inPack: $0) != nil }
    guard !packs.isEmpty else { return Output.line("No pack is damaged.") }
    let source = store.repository.commonDirectory.appending(path: "objects/pack")
    let target = store.folder.appending(path: "quarantine")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    for pack in packs {
      // What can be read is in use before the pack is not: interrupted, this can be done again.
      try PackSalvage(source.appending(path: pack), store, git).run()
      for suffix in ["idx", "rev", "bitmap", "mtimes", "keep", "pack"] {
        let file = source.appending(path: "\(pack).\(suffix)")
        guard FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) else {
          continue
        }
        let place = target.appending(path: "\(pack).\(suffix)")
        try? FileManager.default.removeItem(at: place)
        try FileManager.default.moveItem(at: file, to: place)
      }
      Output.line("Moved '\(pack)' to '\(target.path(percentEncoded: false))'.")
    }
    try? git.run(["repack", "-d", "-q"], isQuiet: true)
    try store.repository.refresh()
    try store.index.forget()
  }

  /// Takes all objects of a remote over, whatever is missing here.
  ///
  /// Into an empty repository first: fetching into one that lacks objects which it names fails.
  func repair(from remote: String) throws {
    guard let address = try git.lines(["remote", "get-url", remote]).first else { return }
    let copy = store.folder.appending(path: "quarantine/remote.git")
    try? FileManager.default.removeItem(at: copy)
    defer { try? FileManager.default.removeItem(at: copy) }
    try git.run([
      "clone", "--quiet", "--mirror", "--no-local", "--", address,
      copy.path(percentEncoded: false),
    ])
    let source = copy.appending(path: "objects/pack")
    let target = store.repository.commonDirectory.appending(path: "objects/pack")
    let names = try FileManager.default.contentsOfDirectory(
      atPath: source.path(percentEncoded: false))
    // The index of a pack last: it is what makes git look at the pack.
    for suffix in [".pack", ".idx"] {
      for name in names where name.hasSuffix(suffix) {
        let place = target.appending(path: name)
        guard !FileManager.default.fileExists(atPath: place.path(percentEncoded: false)) else {
          continue
        }
        try FileManager.default.moveItem(at: source.appending(path: name), to: place)
      }
    }
    try store.repository.refresh()
    Output.line("Took over what '\(remote)' has; see with 'stemma verify --full'.")
  }
}
