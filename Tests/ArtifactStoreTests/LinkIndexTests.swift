import CanonicalJSON
import Foundation
import Git
import TestSupport
import Testing

@testable import ArtifactStore

@Suite("LinkIndex")
struct LinkIndexTests {
  // MARK: - By hand

  /// What a record names, read with a whole parser.
  private static func keys(_ record: Record) throws -> Set<LinkKey> {
    let value = try record.value()
    var keys = Set<LinkKey>()
    func ids(_ members: [(String, LinkKey.Member)]) {
      for (name, member) in members {
        if let id = value[name]?.string.flatMap(RecordID.init(hex:)) {
          keys.insert(LinkKey(member, id))
        }
      }
    }
    func node(_ value: JSON?, _ member: LinkKey.Member) {
      guard let text = value?.string, let bytes = Hex.bytes(text), bytes.count == 8 else { return }
      keys.insert(LinkKey(member, node: bytes.reduce(0) { $0 << 8 | UInt64($1) }))
    }
    switch record.kind {
    case .mixes:
      for id in value["nodes"]?.array ?? [] { node(id, .node) }
      node(value["strategy"], .strategy)
    case .samples:
      ids([("call", .call), ("meta-prompt", .metaPrompt)])
      if let slot = value["slot"] { keys.insert(LinkKey(.slot, slot)) }
      if let sample = value["value"] { keys.insert(LinkKey(.value, sample)) }
    case .rejections:
      ids([("call", .call), ("meta-prompt", .metaPrompt), ("sample", .sample)])
      if let slot = value["slot"] { keys.insert(LinkKey(.slot, slot)) }
    case .verdicts: ids([("call", .call), ("sample", .sample)])
    default: break
    }
    return keys
  }

  private static let texts = [
    "plain", #"he said "call":"00" and left"#, #"back\slash \" "sample":"#, "line\nfeed\ttab", "",
    #"{"call":"\#(String(repeating: "a", count: 64))","slot":4}"#, "ünï🙂", #"\\"#, #"x\"#,
  ]

  /// Records whose texts look like members, and which name each other and things that are not there.
  private static func record(_ kind: RecordKind, _ random: inout SeededRandom) -> Record {
    func id() -> String {
      let number = Int.random(in: 0..<12, using: &random)
      return number == 0 ? "" : Digest(of: "thing \(number)".utf8).hex
    }
    func node() -> JSON {
      .string(
        String(Digest(of: "node \(Int.random(in: 0..<9, using: &random))".utf8).hex.prefix(16)))
    }
    let text = JSON.string(texts.randomElement(using: &random) ?? "")
    let slot: JSON =
      Bool.random(using: &random)
      ? JSON(Int.random(in: 0..<30, using: &random))
      : .string("gap/\(node().string ?? "")/\(Int.random(in: 0..<3, using: &random))")
    switch kind {
    case .mixes:
      let nodes = (0..<Int.random(in: 0..<4, using: &random)).map { _ in node() }
      return Record(kind, ["nodes": .array(nodes), "slot": slot, "strategy": node()])
    case .samples:
      return Record(
        kind,
        [
          "attempt": JSON(Int.random(in: 0..<3, using: &random)), "call": .string(id()),
          "meta-prompt": .string(id()), "slot": slot,
          "value": ["answer": text, "deep": [["call": .string(id())], text]],
        ])
    case .rejections:
      return Record(
        kind,
        [
          "attempt": 0, "call": .string(id()), "detail": text, "meta-prompt": .string(id()),
          "reason": "refined", "sample": .string(id()), "slot": slot,
        ])
    default:
      return Record(
        kind,
        [
          "answer": ["slot": slot], "call": .string(id()), "explanation": text,
          "outcome": "accept", "role": "judge", "round": 0, "sample": .string(id()),
        ])
    }
  }

  private static func records(_ count: Int, _ random: inout SeededRandom) -> [Record] {
    var seen = Set<RecordID>()
    return (0..<count).map { _ in
      record(TestDataset.kinds.randomElement(using: &random) ?? .mixes, &random)
    }.filter { seen.insert($0.id).inserted }
  }

  /// Compares what the index finds with a look at every record.
  private func expectExact(
    _ version: Version, _ live: [Record], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var expected: [LinkKey: Set<RecordID>] = [:]
    var drafts: [RecordID: UInt64] = [:]
    for record in live {
      for key in try Self.keys(record) { expected[key, default: []].insert(record.id) }
      guard [.rejections, .verdicts].contains(record.kind) else { continue }
      drafts[record.id] = try record.value()["sample"]?.string.flatMap(RecordID.init(hex:))?
        .digest.leadingWord
    }
    let absent = LinkKey(.call, RecordID(digest: Digest(of: "nowhere".utf8)))
    var links = try LiveLinks(version)
    for key in Array(expected.keys) + [absent] {
      var found = Set<RecordID>()
      for kind in TestDataset.kinds {
        let records = try links.records(kind, naming: key)
        #expect(records.allSatisfy { $0.kind == kind }, sourceLocation: sourceLocation)
        let many = try links.find(kind, naming: [key, absent])
        #expect(many.count == records.count, sourceLocation: sourceLocation)
        #expect(Set(many.map(\.id)) == Set(records.map(\.id)), sourceLocation: sourceLocation)
        for record in many { #expect(record.draft == drafts[record.id]) }
        found.formUnion(records.map(\.id))
      }
      #expect(found == expected[key] ?? [], sourceLocation: sourceLocation)
    }
    for kind in TestDataset.kinds {
      let all = try links.find(kind, naming: expected.keys)
      let named = live.filter { $0.kind == kind }
      #expect(Set(all.map(\.id)) == Set(try named.filter { try !Self.keys($0).isEmpty }.map(\.id)))
      #expect(all.count == Set(all.map(\.id)).count)
    }
    for record in live { #expect(try links.isLive(record.kind, record.id)) }
  }

  // MARK: - Versions

  @Test(
    "finds what a look at every record finds, after edits, returns and compaction",
    arguments: [1, 2, 3])
  func edits(seed: UInt64) async throws {
    try await withDataset { dataset in
      var random = SeededRandom(seed: seed)
      let all = Self.records(60, &random)
      var versions: [(version: String, live: [Record])] = []
      for round in 0..<5 {
        // Another store each time, as another process has.
        let store = try Store(at: dataset.root)
        let live = all.filter { _ in Int.random(in: 0..<3, using: &random) > 0 }
        try dataset.write(store, live, run: "\(round)")
        versions.append((try store.version("HEAD").commit.id.hex, live))
        try expectExact(try store.version("HEAD"), live)
        if round == 3 {
          let compacted = try #require(try Compaction(store).run())
          try expectExact(compacted.version, live)
        }
      }
      let store = try Store(at: dataset.root)
      for (version, live) in versions { try expectExact(try store.version(version), live) }
      var links = try LiveLinks(try store.version("HEAD"))
      let gone = Set(all.map(\.id)).subtracting(versions[4].live.map(\.id))
      for record in all where gone.contains(record.id) {
        #expect(try !links.isLive(record.kind, record.id))
      }
    }
  }

  private func segments(_ folder: URL) throws -> [URL] {
    try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "segment" }
  }

  @Test(
    "a lost or damaged index is made anew",
    arguments: ["nothing", "folder", "manifest", "segments", "flipped", "cut", "empty", "form"])
  func loss(loss: String) async throws {
    try await withDataset { dataset in
      var random = SeededRandom(seed: 7)
      let live = Self.records(70, &random)
      let folder = dataset.folder.appending(path: "links")
      do {
        let store = try Store(at: dataset.root)
        try dataset.write(store, Array(live.prefix(40)), run: "1")
        try expectExact(try store.version("HEAD"), Array(live.prefix(40)))
        try dataset.write(store, live, run: "2")
        try expectExact(try store.version("HEAD"), live)
        #expect(try store.links.damages().isEmpty)
      }
      let manifest = folder.appending(path: "manifest")
      for segment in try segments(folder) {
        var bytes = Array(try Data(contentsOf: segment))
        switch loss {
        case "segments": try FileManager.default.removeItem(at: segment)
        case "flipped":
          for place in stride(from: 9, to: bytes.count, by: 4096) { bytes[place] ^= 64 }
        case "cut": bytes.removeLast(bytes.count / 2)
        case "empty": bytes = []
        default: continue
        }
        if loss != "segments" { try Data(bytes).write(to: segment) }
      }
      switch loss {
      case "folder": try FileManager.default.removeItem(at: folder)
      case "manifest": try FileManager.default.removeItem(at: manifest)
      case "form":
        let text = try String(contentsOf: manifest, encoding: .utf8)
        try Data(text.replacing("links 1", with: "links 0").utf8).write(to: manifest)
      default: break
      }
      for _ in 0..<2 {
        let store = try Store(at: dataset.root)
        if ["flipped", "cut", "empty"].contains(loss) {
          // What is told of damage is told once: then it is mended.
          _ = try store.links.damages()
        }
        try expectExact(try store.version("HEAD"), live)
        try expectExact(try store.version("HEAD~1"), Array(live.prefix(40)))
        #expect(try store.links.damages().isEmpty)
      }
    }
  }

  @Test("damage that is found while it is merged loses nothing")
  func damageWhileMerging() async throws {
    try await withDataset { dataset in
      var random = SeededRandom(seed: 9)
      let live = Self.records(70, &random)
      do {
        let store = try Store(at: dataset.root)
        try dataset.write(store, Array(live.prefix(40)), run: "1")
        try expectExact(try store.version("HEAD"), Array(live.prefix(40)))
      }
      for segment in try segments(dataset.folder.appending(path: "links")) {
        var bytes = Array(try Data(contentsOf: segment))
        bytes[30] ^= 1
        try Data(bytes).write(to: segment)
      }
      let store = try Store(at: dataset.root)
      try dataset.write(store, live, run: "2")
      try expectExact(try store.version("HEAD"), live)
      try expectExact(try store.version("HEAD~1"), Array(live.prefix(40)))
    }
  }

  @Test("stays in few files however it grows, and reads nothing twice")
  func growth() async throws {
    try await withDataset { dataset in
      var random = SeededRandom(seed: 5)
      var live: [Record] = []
      for round in 0..<12 {
        live += Self.records([3, 60, 1, 20][round % 4], &random)
        let store = try Store(at: dataset.root)
        try dataset.write(store, live, run: "\(round)")
        try store.links.catchUp(tree: try store.version("HEAD").tree)
        #expect(try segments(dataset.folder.appending(path: "links")).count <= 6)
        // Another process finds nothing left to read.
        let other = try Store(at: dataset.root)
        try other.links.catchUp(tree: try other.version("HEAD").tree) { done, total in
          Issue.record("read \(done) of \(total) again")
        }
      }
      let store = try Store(at: dataset.root)
      var seen = Set<RecordID>()
      try expectExact(
        try store.version("HEAD"), live.filter { seen.insert($0.id).inserted })
    }
  }

  @Test("a folder that cannot be written does not stop anybody")
  func unwritable() async throws {
    try await withDataset { dataset in
      var random = SeededRandom(seed: 6)
      let live = Self.records(40, &random)
      try dataset.write(try Store(at: dataset.root), live, run: "1")
      // A file in its place: also the administrator cannot make a folder there.
      try dataset.put("", at: ".git/stemma/links")
      let store = try Store(at: dataset.root)
      try expectExact(try store.version("HEAD"), live)
    }
  }

  // MARK: - Lines

  @Test("a line that says the same in another form names the same")
  func forms() {
    let id = Digest(of: "x".utf8).hex
    func keys(_ line: String) -> Set<UInt64> {
      var keys: [UInt64] = []
      Array(line.utf8).withUnsafeBytes { _ = LineLinks.append(to: &keys, .rejections, $0) }
      return Set(keys)
    }
    let plain = keys(#"{"call":"\#(id)","sample":"","slot":12}"#)
    #expect(plain.count == 2)
    #expect(keys(#"{ "slot" : 12 , "sample":"", "call" : "\#(id)" }"#) == plain)
    #expect(keys(#"{"c\u0061ll":"\#(id)","slot":12}"#) == plain)
    #expect(
      keys(
        #"{"call":"\u00\#(String(format: "%02x", id.utf8.first ?? 0))\#(id.dropFirst())","slot":12.0}"#
      ) == plain)
    #expect(keys(#"{"call":"\#(id)","detail":"\"slot\":13","slot":12}"#) == plain)
    #expect(keys(#"{"detail":{"call":"\#(id)","slot":12}}"#).isEmpty)
    #expect(keys(#"["call","\#(id)"]"#).isEmpty)
    #expect(keys(#"{"call":"\#(id.uppercased())"}"#).isEmpty)
    #expect(keys(#"{"call":"\#(id.dropLast())"}"#).isEmpty)
    #expect(keys(#"{"call":"\#(id.dropLast())g"}"#).isEmpty)
    #expect(keys(#"{"call":7,"slot":null}"#).count == 1)
    #expect(keys("").isEmpty)
    #expect(keys("{").isEmpty)
  }

  @Test("no line of any bytes is too much for it")
  func anyBytes() {
    var random = SeededRandom(seed: 1)
    let base = Array(#"{"call":"0a","meta-prompt":"\"","slot":"gap/1","value":{"a":[1,{}]}}"#.utf8)
    for _ in 0..<400 {
      var line = base
      for _ in 0..<Int.random(in: 0..<6, using: &random) {
        line[Int.random(in: 0..<line.count, using: &random)] = random.bytes(1)[0]
      }
      line.removeLast(Int.random(in: 0..<line.count, using: &random))
      for kind in RecordKind.allCases {
        var keys: [UInt64] = []
        line.withUnsafeBytes { _ = LineLinks.append(to: &keys, kind, $0) }
        #expect(keys.count <= line.count)
      }
    }
  }

  @Test("more rows than a number of 32 bits can tell apart are refused")
  func tooManyRows() throws {
    try withTemporaryDirectory { folder in
      let key = LinkKey(.node, node: 7)
      func shard(_ number: Int, rowCount: Int) -> LinkedShard {
        LinkedShard(
          object: ObjectID(hashing: .blob, Array("\(number)".utf8)), kind: .samples,
          digest: Digest(of: "\(number)".utf8), rowCount: rowCount, keys: [key.word], rows: [0])
      }
      let path = folder.appending(path: "links").path(percentEncoded: false)
      func write(_ shards: [LinkedShard], merging old: [LinkSegment] = []) throws -> LinkSegment {
        try LinkSegment.write(shards, merging: old, trees: [], to: path)
        return try #require(LinkSegment(path))
      }
      let most = Int(UInt32.max)
      let full = try write([shard(1, rowCount: most - 2), shard(2, rowCount: 2)])
      #expect(full.rowCount == most)
      var found: [Int] = []
      try full.visit(key) { found.append($0) }
      #expect(found == [0, most - 2])
      for attempt in [
        { try write([shard(1, rowCount: most), shard(2, rowCount: 1)]) },
        { try write([shard(3, rowCount: 1)], merging: [full]) },
      ] {
        let error = #expect(throws: StoreError.self) { try attempt() }
        #expect(error?.code == .refused)
        #expect(error?.message == "\(most + 1) records are more than an index can number")
      }
    }
  }
}
