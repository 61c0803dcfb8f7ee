import Git
import TestSupport
import Testing

@Suite("Changes between trees")
struct TreeChangesTests {
  /// Makes a tree of random files in few names, so that files and folders change places.
  private func randomTree(
    _ random: inout FixedRandom, _ test: TestRepository, _ pack: PackWriter
  ) throws -> ObjectID {
    var texts: [String: String] = [:]
    let names = ["a", "b", "a.b", "a-b"]
    for _ in 0..<30 {
      let depth = Int.random(in: 1...3, using: &random)
      let path = (0..<depth).compactMap { _ in names.randomElement(using: &random) }
        .joined(separator: "/")
      let isBlocked = texts.keys.contains { other in
        other == path || other.hasPrefix(path + "/") || path.hasPrefix(other + "/")
      }
      if !isBlocked { texts[path] = "\(Int.random(in: 0...2, using: &random))" }
    }
    return try test.repository.write(
      changes: texts.map { path, text in
        TreeChange(path: path, entry: PathContent(id: try pack.add(.blob, Array(text.utf8))))
      }, onto: nil, into: pack)
  }

  @Test("are those that git finds, and turn the one tree into the other", arguments: 1...30)
  func randomTrees(seed: UInt64) async throws {
    try await withRepository { test in
      var random = FixedRandom(seed: seed)
      let pack = test.repository.makePackWriter()
      let old = try randomTree(&random, test, pack)
      let new = try randomTree(&random, test, pack)
      try pack.finish()

      let changes = try test.repository.changes(from: old, to: new)
      let shown = try await test.git("diff-tree", "-r", "--no-renames", old.hex, new.hex)
      let lines = changes.map { change in
        let letter = change.old == nil ? "A" : change.new == nil ? "D" : "M"
        return "\(side(change.old?.mode)) \(side(change.new?.mode)) \(name(change.old)) "
          + "\(name(change.new)) \(letter)\t\(change.path)"
      }
      #expect(lines.sorted() == shown.lines.map { String($0.dropFirst()) }.sorted())

      let applied = test.repository.makePackWriter()
      let result = try test.repository.write(
        changes: changes.map { change in
          TreeChange(
            path: change.path, entry: change.new.map { PathContent(id: $0.id, mode: $0.mode) })
        }, onto: old, into: applied)
      #expect(result == new)
      let whole = try test.repository.changes(from: nil, to: new)
      #expect(whole.map(\.path) == (try test.repository.files(inTree: new).map(\.path)))
      #expect(try test.repository.changes(from: new, to: nil).count == whole.count)
      #expect(try test.repository.changes(from: new, to: new) == [])
    }
  }

  private func side(_ mode: FileMode?) -> String {
    mode.map { String($0.rawValue, radix: 8) } ?? "000000"
  }

  private func name(_ entry: TreeEntry?) -> String {
    entry?.id.hex ?? String(repeating: "0", count: 40)
  }

  @Test("equal folders are not read")
  func skipsEqualFolders() async throws {
    try await withRepository { test in
      let absent = PathContent(id: ObjectID(hashing: .tree, [1]), mode: .folder)
      let pack = test.repository.makePackWriter()
      let one = PathContent(id: try pack.add(.blob, [1]))
      let two = PathContent(id: try pack.add(.blob, [2]))
      let old = try test.repository.write(
        changes: [TreeChange(path: "same", entry: absent), TreeChange(path: "x", entry: one)],
        onto: nil, into: pack)
      let new = try test.repository.write(
        changes: [TreeChange(path: "x", entry: two)], onto: old, into: pack)
      try pack.finish()
      #expect(try test.repository.changes(from: old, to: new).map(\.path) == ["x"])
    }
  }
}
