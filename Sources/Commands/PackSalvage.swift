import ArtifactStore
import Foundation
import Git

/// Takes what can still be read of a damaged pack into the dataset's objects.
struct PackSalvage {
  /// The pack without its extension.
  private let pack: URL
  private let store: Store
  private let git: GitCommand
  /// An empty repository that the whole objects go to first.
  private let aside: URL
  /// A repository that has nothing but the pack.
  private let source: URL

  init(_ pack: URL, _ store: Store, _ git: GitCommand) {
    self.pack = pack
    self.store = store
    self.git = git
    aside = store.folder.appending(path: "quarantine/salvage.git")
    source = store.folder.appending(path: "quarantine/damaged.git")
  }

  func run() throws {
    let files = FileManager.default
    defer { for folder in [aside, source] { try? files.removeItem(at: folder) } }
    for folder in [aside, source] {
      try? files.removeItem(at: folder)
      try git.run(["init", "--quiet", "--bare", folder.path(percentEncoded: false)], isQuiet: true)
    }
    // Git reads the objects one after another, up to where it loses its way; needs no index.
    try? GitCommand(in: aside).run(
      ["unpack-objects", "-r", "-q"], isQuiet: true, input: pack.appendingPathExtension("pack"))
    // By the index, those behind the damage can be read as well.
    try? readByIndex()
    try takeOver()
  }

  private func readByIndex() throws {
    let index = pack.appendingPathExtension("idx")
    for file in [pack.appendingPathExtension("pack"), index] {
      let place = source.appending(path: "objects/pack/\(file.lastPathComponent)")
      try FileManager.default.linkItem(at: file, to: place)
    }
    let damaged = try Repository.open(at: source)
    let whole = try Repository.open(at: aside)
    let writer = whole.makePackWriter()
    for line in try git.lines(["show-index"], input: index) {
      // An offset, then the id.
      let words = line.split(separator: " ")
      guard words.count > 1, let id = ObjectID(hex: words[1]), !whole.contains(id) else { continue }
      for kind in ObjectKind.allCases {
        guard
          let bytes = try? damaged.read(
            id, as: kind, maximumSizeInBytes: Shard.maximumSizeInBytes),
          ObjectID(hashing: kind, bytes) == id
        else { continue }
        try writer.add(kind, bytes)
        break
      }
    }
    try writer.finish()
  }

  /// Moves what was saved; the index of a pack last, for it is what makes git look at the pack.
  private func takeOver() throws {
    let files = FileManager.default
    let objects = aside.appending(path: "objects")
    let own = store.repository.commonDirectory.appending(path: "objects")
    for folder in try files.contentsOfDirectory(atPath: objects.path(percentEncoded: false))
    where folder == "pack" || folder.utf8.count == 2 {
      let place = own.appending(path: folder)
      try files.createDirectory(at: place, withIntermediateDirectories: true)
      let names = try files.contentsOfDirectory(
        atPath: objects.appending(path: folder).path(percentEncoded: false))
      for name in names.sorted(by: { !$0.hasSuffix(".idx") && $1.hasSuffix(".idx") }) {
        let file = place.appending(path: name)
        guard !files.fileExists(atPath: file.path(percentEncoded: false)) else { continue }
        try files.moveItem(at: objects.appending(path: "\(folder)/\(name)"), to: file)
      }
    }
  }
}
