import ArtifactStore
import Crypto
import Foundation

@testable import Git

extension FuzzTarget {
  /// The bytes are tried as a tree, and as a path.
  static let tree = FuzzTarget(
    name: "tree",
    words: ["100644 ", "40000 ", "160000 ", ".git", "git~1", "..", ".gIt ::$DATA", "\u{200C}"],
    seeds: {
      let entries: [RawTree.Entry] = [
        RawTree.Entry(mode: 0o100644, name: Array("recipe.yaml".utf8), id: .emptyTree),
        RawTree.Entry(mode: 0o040000, name: Array("samples".utf8), id: .emptyTree),
        RawTree.Entry(mode: 0o120000, name: Array("é".utf8), id: .emptyTree),
      ]
      return [
        RawTree(entries).bytes, RawTree([]).bytes, Array("taxonomies/color.yaml".utf8),
        Array("a/.G\u{200C}it. :x".utf8),
      ]
    },
    check: { bytes in
      check(path: String(decoding: bytes, as: UTF8.self))
      guard let tree = try? RawTree(bytes.span.bytes, id: .emptyTree) else { return }
      let again = expectNoThrow("a tree that was written is read") {
        try RawTree(tree.bytes.span.bytes, id: .emptyTree)
      }
      expect(again.bytes == tree.bytes, "a tree changes when it is written")
      expect(again.entries.count == tree.entries.count, "a tree loses entries")
      _ = RawTree(tree.entries)
      for entry in tree.entries {
        guard let decoded = try? entry.decoded() else { continue }
        expect(Array(decoded.name.utf8) == entry.name, "a name changes")
        expect(isHarmless(decoded.name), "'\(decoded.name)' leaves its folder")
      }
    })

  private static func check(path: String) {
    guard let components = try? PathRules.components(of: path) else { return }
    expect(components.joined(separator: [0x2F]).elementsEqual(path.utf8), "a path changes")
    for name in components {
      expect(isHarmless(String(decoding: name, as: UTF8.self)), "'\(path)' leaves the tree")
    }
  }

  private static func isHarmless(_ name: String) -> Bool {
    let lower = name.lowercased()
    return !name.isEmpty && name != "." && name != ".." && !name.utf8.contains(0x2F)
      && !name.utf8.contains(0) && lower != ".git" && lower != "git~1"
  }

  /// A pack with its length before it, then its index; as they are, and with hashes that fit.
  static let pack = FuzzTarget(
    name: "pack", words: ["PACK", "\u{78}\u{01}"],
    seeds: {
      try [[1], [2, 3, 40], Array(0..<20)].map { sizes in
        let folder = scratch.folder.appending(path: "seed-\(sizes.count)")
        let repository = try Repository.create(at: folder)
        let pack = repository.makePackWriter()
        for size in sizes { try pack.add(.blob, [UInt8](repeating: UInt8(size), count: size)) }
        try pack.add(.tree, RawTree([]).bytes + Array("100644 a\0".utf8) + ObjectID.emptyTree.bytes)
        let name = try pack.finish()?.name ?? ""
        let files = try ["pack", "idx"].map {
          Array(try Data(contentsOf: URL(filePath: "\(repository.packDirectory)/\(name).\($0)")))
        }
        return InputReader.framed(files[0]) + files[1]
      }
    },
    check: { bytes in
      var reader = InputReader(bytes)
      let pack = reader.takePiece()
      let index = Array(reader.rest)
      check(pack: pack, index)
      guard pack.count >= 20, index.count >= 40 else { return }
      let whole = hashed(pack)
      check(
        pack: whole, hashed(index.dropLast(40) + whole.suffix(20) + index.suffix(20)), isWhole: true
      )
    })

  private static let scratch = Scratch()
  private static let repositoryFolder = scratch.folder.appending(path: "packs")
  private static let packDirectory = expectNoThrow("a repository is made") {
    let repository = try Repository.create(at: repositoryFolder)
    try FileManager.default.createDirectory(
      atPath: repository.packDirectory, withIntermediateDirectories: true)
    return repository.packDirectory
  }

  /// The bytes with the hash of all others in place of the last 20.
  private static func hashed(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    let content = Array(bytes).dropLast(20)
    return Array(content) + Insecure.SHA1.hash(data: Array(content))
  }

  private static func check(pack: [UInt8], _ index: [UInt8], isWhole: Bool = false) {
    let name = "pack-\(String(repeating: "a", count: 40))"
    let base = packDirectory.replacing(scratch.folder.path(percentEncoded: false), with: "")
    scratch.write(pack, to: "\(base)/\(name).pack")
    scratch.write(index, to: "\(base)/\(name).idx")
    guard let repository = try? Repository.open(at: repositoryFolder) else { return }
    let damage = repository.damage(inPack: name)
    if isWhole { expect(damage == nil, "hashes fit, but: \(damage ?? "")") }
    guard index.count > 1032 else { return }
    for place in stride(from: 1032, to: min(index.count - 20, 1032 + 8 * 20), by: 20) {
      guard let id = ObjectID(bytes: index[place..<(place + 20)]) else { continue }
      _ = repository.contains(id)
      for kind in ObjectKind.allCases {
        guard let bytes = try? repository.read(id, as: kind, maximumSizeInBytes: 1 << 20)
        else { continue }
        expect(bytes.count <= 1 << 20, "an object is larger than is read")
      }
      _ = try? repository.rawTree(id)
      _ = try? repository.commit(id)
    }
  }
}
