import Foundation
import Git

@testable import ArtifactStore

/// A file of the index as an input: each page without the zeros at its end, its length before it.
///
/// So a mutation mostly meets what means something, and the checksums can be made to fit.
private enum PagedInput {
  private static let page = MappedFile.pageSizeInBytes

  /// The input for a file, without its checksums.
  static func compact(_ file: [UInt8], upTo end: Int) -> [UInt8] {
    stride(from: 0, to: end, by: page).flatMap { start in
      let content = file[start..<min(start + page, file.count)]
      return InputReader.framed(Array(content.reversed().drop { $0 == 0 }.reversed()))
    }
  }

  /// The pages of an input.
  static func pages(_ input: [UInt8]) -> [UInt8] {
    var reader = InputReader(input)
    var file: [UInt8] = []
    while !reader.rest.isEmpty, file.count < 64 * page {
      let content = reader.takePiece().prefix(page)
      file += content + [UInt8](repeating: 0, count: page - content.count)
    }
    return file
  }

  /// The pages with the checksums of all of them, and theirs.
  static func completed(_ pages: [UInt8]) -> [UInt8] {
    var table: [UInt8] = []
    func add(_ checksum: UInt32) { withUnsafeBytes(of: checksum.littleEndian) { table += $0 } }
    for start in stride(from: 0, to: pages.count, by: page) {
      add(Checksum.crc32(Array(pages[start..<(start + page)])))
    }
    add(Checksum.crc32(table))
    return pages + table
  }
}

extension FuzzTarget {
  /// The pages are tried as they are, and with checksums that say they are whole.
  static let segment = FuzzTarget(
    name: "segment", words: ["STEMMAX5"],
    seeds: {
      let families: [(kind: RecordKind, field: String?, sizes: [Int])] = [
        (.calls, nil, [2, 1]), (.samples, nil, [3, 0, 2]), (.imports, "id", [2, 2]),
        (.verdicts, nil, []), (.mixes, nil, [150]),
      ]
      return try families.map { family in
        let path = scratch.path("seed")
        let shards = family.sizes.enumerated().map { newShard(family.kind, $0, $1, family.field) }
        try IndexSegmentWriter(
          shardCount: shards.count, recordCount: shards.reduce(0) { $0 + $1.ids.count },
          trees: Set(shards.map(\.object)), hasKeys: family.kind == .calls,
          keyField: family.field, shard: { shards[$0] }
        ).write(to: path)
        let file = Array(try Data(contentsOf: URL(filePath: path)))
        let end = IndexSegment(path)?.layout.checksums.lowerBound
        return PagedInput.compact(file, upTo: end ?? 0)
      }
    },
    check: { bytes in
      let pages = PagedInput.pages(bytes)
      check(file: bytes)
      check(file: pages)
      check(file: PagedInput.completed(pages))
    })

  private static let scratch = Scratch()

  private static func newShard(
    _ kind: RecordKind, _ number: Int, _ count: Int, _ field: String?
  ) -> RecordIndex.NewShard {
    let digests = (0..<count).map { Digest(of: "\(kind) \(number) \($0)".utf8) }
    return RecordIndex.NewShard(
      object: ObjectID(hashing: .blob, Array("\(kind) \(number)".utf8)), kind: kind,
      ids: digests.map(RecordID.init)[...], keys: kind == .calls ? digests : [],
      keyHashes: field == nil ? [] : digests.map(\.leadingWord), keyField: field)
  }

  private static func check(file: [UInt8]) {
    scratch.write(file, to: "a.segment")
    scratch.write(Array("stemma index 4\na.segment\n".utf8), to: "manifest")
    let folder = expectNoThrow("a folder with any segment is opened") {
      try IndexFolder(scratch.folder)
    }
    let contents = folder.current
    for segment in contents.segments {
      try? look(into: segment)
      for kind in RecordKind.allCases { try? gather(kind, of: segment, in: contents) }
    }
  }

  /// Does all that can be asked of a segment.
  private static func look(into segment: IndexSegment) throws(IndexDamage) {
    let count = segment.layout.recordCount
    expect(segment.shards.map(\.records.count).reduce(0, +) == count, "shards leave records out")
    _ = segment.isWhole
    for tree in (try? segment.trees()) ?? [] { _ = try segment.covers(tree) }
    for (number, shard) in segment.shards.enumerated().prefix(100) {
      let known = try segment.shard(number)
      expect(known.ids.count == shard.records.count, "a shard has other records")
      for key in known.keys.prefix(10) { try segment.visit(key: key) { _ in true } }
    }
    let columns = try segment.columns()
    expect(columns.count == count, "a column has another length")
    for ordinal in (0..<count).prefix(300) {
      let id = try segment.id(ordinal)
      expect(columns.id(ordinal) == id, "an id depends on how it is read")
      let (shard, row) = segment.place(ordinal)
      expect(shard.records.lowerBound + row == ordinal, "a record has no place")
      expect(shard.records.contains(ordinal), "a record is in another shard")
      let found = columns.ordinal(of: id) { _ in true }
      expect(found.map { columns.id($0) == id } ?? true, "another record is found")
      for length in [32, 8, 3] {
        try segment.visit(idPrefix: Array(id.digest.bytes.prefix(length))) {
          (ordinal) throws(IndexDamage) in
          expect(ordinal < count, "a record is found that is not there")
          return true
        }
      }
    }
  }

  /// Makes a set of the records of a kind, and does all that can be asked of it.
  private static func gather(
    _ kind: RecordKind, of segment: IndexSegment, in contents: IndexFolder.Contents
  ) throws(IndexDamage) {
    let objects = Set(segment.shards.lazy.filter { $0.kind == kind }.map(\.object)).sorted()
    guard var set = try RecordSet(kind, objects, in: contents) else { return }
    for shard in set.shards { _ = set.hiddenRows(of: shard) }
    let ids = set.ids
    for id in ids.prefix(100) { _ = set.contains(id) }
    expect(set.intersection(set.members).count == set.count, "a set is not all of itself")
    set.remove(ids.prefix(100))
    expect(set.count >= 0 && set.count == set.members.count, "a set counts others")
  }
}
