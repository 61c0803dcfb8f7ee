import CanonicalJSON
import Testing

@testable import ArtifactStore

@Suite("Identity of records")
struct RecordIdentityTests {
  @Test("every kind has a golden vector")
  func everyKind() {
    #expect(Set(GoldenVectors.records.map(\.kind)) == Set(RecordKind.allCases))
  }

  @Test("a record's id is the known one", arguments: GoldenVectors.records)
  func golden(vector: GoldenVectors.Vector) throws {
    let held = try Record(vector.kind, line: Array(vector.line.utf8))
    #expect(held.id.hex == vector.id)
    guard vector.kind != .imports else { return }
    let made = Record(vector.kind, try JSON(parsing: vector.line))
    #expect(made.id.hex == vector.id)
    #expect(made.line == Array(vector.line.utf8))
    #expect(try held.value() == JSON(parsing: vector.line))
  }

  @Test("a call's id covers key, request and answer, and not its usage")
  func calls() throws {
    let line = try #require(GoldenVectors.records.first { $0.kind == .calls }).line
    let call = try #require(JSON(parsing: line).object)
    var other = call
    other["usage"] = ["input": 999, "output": 0]
    #expect(Record(.calls, .object(other)).id == Record(.calls, .object(call)).id)
    #expect(Record(.calls, .object(other)).line != Record(.calls, .object(call)).line)
    for name in ["answer", "key", "request"] {
      var other = call
      other[name] = "changed"
      #expect(Record(.calls, .object(other)).id != Record(.calls, .object(call)).id)
    }
  }

  @Test(
    "a call's id is that of its canonical form without the usage, whatever its texts hold",
    arguments: [
      #"{"input":1,"output":2}"#, #"{"input":0,"output":123456789012345}"#, #"{"input":1}"#,
      #"{"input":1,"output":2,"other":3}"#, #"{"input":1.5,"output":2}"#, "null", #""text""#,
    ])
  func callForms(usage: String) throws {
    let texts = [
      "plain", #","usage":{"input":1,"output":2}}"#, "\n\u{0}\"\\",
      #"{"usage":{"input":7,"output":8}}"#,
    ]
    for text in texts {
      let body: JSON = [
        "answer": ["finish": "stop", "text": .string(text)], "key": .string(text),
        "request": ["inputs": ["usage": ["input": 1, "output": 2]], "text": .string(text)],
      ]
      var call = try #require(body.object)
      call["usage"] = try JSON(parsing: usage)
      let made = Record(.calls, .object(call))
      #expect(made.id == RecordID(kind: .calls, line: body.canonicalBytes.span.bytes))
      #expect(try Record(.calls, line: made.line).id == made.id)
    }
  }

  @Test("the kind is part of the id")
  func kinds() {
    let ids = RecordKind.allCases.map { Record($0, ["a": 1]).id }
    #expect(Set(ids).count == RecordKind.allCases.count)
  }

  @Test("a call's line must be JSON, any other line is taken as it is")
  func opaqueLines() throws {
    let line = Array("not JSON".utf8)
    let error = try #require(throws: StoreError.self) { try Record(.calls, line: line) }
    #expect(error.code == .corrupt)
    let record = try Record(.samples, line: line)
    #expect(#expect(throws: StoreError.self) { try record.value() }?.code == .corrupt)
  }

  @Test("the digest of a dataset is the known one, in whatever order its records come")
  func datasetDigest() {
    let samples = ["s0", "s1", "s2"].map { RecordID(digest: Digest(of: $0.utf8)) }
    let verdicts = [RecordID(digest: Digest(of: "v".utf8))]
    for samples in [samples, samples.reversed()] {
      let digest = DatasetDigest.make([.verdicts: verdicts, .samples: samples, .mixes: verdicts])
      #expect(digest.hex == GoldenVectors.datasetDigest)
    }
    #expect(DatasetDigest.make([:]).hex == GoldenVectors.emptyDatasetDigest)
    #expect(
      DatasetDigest.make([.samples: verdicts, .verdicts: samples]).hex
        != GoldenVectors.datasetDigest)
  }

  @Test("framed hashes are the known ones")
  func frames() {
    var key = FramedHash(domain: "stemma call 1")
    for field in GoldenVectors.callKeyFields {
      key.add(field.name)
      key.add(String(field.values.count))
      for value in field.values { key.add(value) }
    }
    #expect(key.finish().hex == GoldenVectors.callKey)
    var node = FramedHash(domain: "stemma node 1")
    node.add("")
    node.add("operation")
    #expect(node.finish().hex == GoldenVectors.rootNode)
  }

  @Test("a shard's address is the digest of its lines")
  func shardAddress() throws {
    let mix = try #require(GoldenVectors.records.first { $0.kind == .mixes }).line
    let digest = Digest(of: Array("\(mix)\n".utf8))
    #expect(digest.hex == GoldenVectors.shardOfMix)
    #expect(
      ArtifactPath(kind: .mixes, digest: digest).text
        == "mixes/2f/\(GoldenVectors.shardOfMix).jsonl.zst")
  }

  @Test("digests are read only from 64 lower-case digits, and sort as their bytes")
  func digests() {
    let hex = String(repeating: "0f", count: 32)
    #expect(Digest(hex: hex)?.hex == hex)
    #expect(Digest(hex: hex)?.bytes == [UInt8](repeating: 0x0F, count: 32))
    for bad in [
      "", String(hex.dropLast()), hex + "0", hex + "00", hex.uppercased(),
      "g" + hex.dropFirst(), "+" + hex.dropFirst(), String(hex.dropLast(2)) + "٣",
    ] { #expect(Digest(hex: bad) == nil, "'\(bad)'") }
    let digests = (0..<200).map { Digest(of: "\($0)".utf8) }
    #expect(
      digests.sorted().map(\.bytes)
        == digests.map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) })
    #expect(Digest(of: [UInt8]()).hex.hasPrefix("e3b0c44298fc1c14"))
  }
}
