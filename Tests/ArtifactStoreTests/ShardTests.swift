import ArtifactStore
import Testing

@Suite("Shards")
struct ShardTests {
  private static let hex = "2f" + String(repeating: "0a", count: 31)

  @Test("paths of artifacts are read back", arguments: RecordKind.allCases)
  func paths(kind: RecordKind) throws {
    let digest = try #require(Digest(hex: Self.hex))
    let path = ArtifactPath(kind: kind, digest: digest)
    #expect(path.text == "\(kind.rawValue)/2f/\(Self.hex).jsonl.zst")
    #expect(ArtifactPath(path.text) == path)
    #expect(ArtifactPath(path.text)?.kind == kind)
  }

  @Test("a taxonomy object is no shard")
  func taxonomies() throws {
    let digest = try #require(Digest(hex: Self.hex))
    let path = ArtifactPath(folder: ArtifactPath.taxonomies, object: digest)
    #expect(path.text == "taxonomies/2f/\(Self.hex).json.zst")
    #expect(ArtifactPath(path.text) == path)
    #expect(path.kind == nil)
  }

  @Test("a shard of a kind that is not known has no kind")
  func unknownKind() {
    #expect(ArtifactPath("unheard-of/2f/\(hex).jsonl.zst")?.kind == nil)
    #expect(ArtifactPath("Samples/2f/\(hex).jsonl.zst")?.kind == nil)
  }
  private var hex: String { Self.hex }

  @Test(
    "other paths are no artifacts",
    arguments: [
      "", "/", "//", "samples", "samples/2f", "2f/\(hex).jsonl.zst", "\(hex).jsonl.zst",
      "/2f/\(hex).jsonl.zst", "../2f/\(hex).jsonl.zst", "./2f/\(hex).jsonl.zst",
      "samples//\(hex).jsonl.zst", "samples/2f/", "samples/2f//\(hex).jsonl.zst",
      "/samples/2f/\(hex).jsonl.zst", "a/samples/2f/\(hex).jsonl.zst",
      "samples/../\(hex).jsonl.zst",
      "samples/2f/\(hex).jsonl.zst/", "samples/2f/\(hex).jsonl.zst/x",
      "samples/2e/\(hex).jsonl.zst", "samples/2F/\(hex).jsonl.zst", "samples/2f0/\(hex).jsonl.zst",
      "samples/2/\(hex).jsonl.zst", "samples/2f/\(hex.uppercased()).jsonl.zst",
      "samples/2f/\(hex.dropLast()).jsonl.zst", "samples/2f/\(hex)0.jsonl.zst",
      "samples/2f/\(hex).jsonl", "samples/2f/\(hex).zst", "samples/2f/\(hex)",
      "samples/2f/.jsonl.zst",
      "samples/2f/\(hex).jsonl.zst.tmp", "samples/2f/\(hex).x.jsonl.zst",
      "samples/2f/\(hex)..jsonl.zst", "samples/2f/\(hex).JSONL.zst",
      "samples/2f/\(hex).jsonl.zst\n",
      "samples/2f/\(hex).jsonl.zst\0", "samples/2f/ \(hex).jsonl.zst",
      "a/\u{301}b/2f/\(hex).jsonl.zst",
    ])
  func badPaths(path: String) {
    #expect(ArtifactPath(path) == nil)
  }

  @Test("lines end with a line feed, which is not part of them")
  func lines() throws {
    let content = Array("{\"a\":1}\n{\"b\":\"\r\"}\n".utf8)
    #expect(try Shard.lineRanges(content) == [0..<7, 8..<17])
    #expect(try Shard.lineRanges([]).isEmpty)
  }

  @Test("an empty line is corrupt", arguments: ["\n", "a\n\nb\n", "\n\n"])
  func emptyLine(text: String) throws {
    let error = try #require(throws: StoreError.self) { try Shard.lineRanges(Array(text.utf8)) }
    #expect(error.code == .corrupt)
  }

  @Test("a last line without a line feed is corrupt", arguments: ["a", "a\nb", "\r"])
  func unended(text: String) throws {
    let error = try #require(throws: StoreError.self) { try Shard.lineRanges(Array(text.utf8)) }
    #expect(error.code == .corrupt)
  }

  @Test("a line beyond 16 MiB is corrupt")
  func longLine() throws {
    let content = [UInt8](repeating: 0x20, count: Shard.maximumLineSizeInBytes + 1) + [0x0A]
    let error = try #require(throws: StoreError.self) { try Shard.lineRanges(content) }
    #expect(error.code == .corrupt)
  }

  @Test("records keep the order and bytes of their lines")
  func records() throws {
    let lines = ["{\"z\":1}", "{\"a\":1}", "not even JSON", "{\"z\":1}"]
    let content = Array(lines.map { $0 + "\n" }.joined().utf8)
    let records = try Shard.records(.samples, content)
    #expect(records.map { String(decoding: $0.line, as: UTF8.self) } == lines)
    #expect(records[0].id == records[3].id)
    #expect(throws: StoreError.self) { try Shard.records(.calls, content) }
  }
}
