import CanonicalJSON

@testable import ArtifactStore

extension FuzzTarget {
  private static let limit = 1 << 16
  private static let codec = ZstdCodec()

  /// The bytes are tried as a frame and as what is in one.
  static let shard = FuzzTarget(
    name: "shard",
    words: [
      #"{"answer":"#, #","usage":{"input":"#, #","output":"#, "}}", #"{"record":""#,
      #"{"revives":""#, #""by":""#, String(repeating: "a", count: 64), "\u{28}\u{B5}\u{2F}\u{FD}",
    ],
    seeds: {
      let contents = RecordKind.allCases.map { kind in
        (0..<3).flatMap { number -> [UInt8] in record(kind, number).line + [0x0A] }
      }
      return contents + contents.map { codec.compress($0) } + [codec.compress([])]
    },
    check: { bytes in
      if let content = try? codec.decompress(bytes, maximumSizeInBytes: limit) {
        expect(content.count <= limit, "a frame holds more than is read")
        expect(
          ZstdCodec.contentSize(bytes.span.bytes) == content.count, "a frame declares another size")
        check(content: content)
      }
      check(content: bytes)
    })

  private static func record(_ kind: RecordKind, _ number: Int) -> Record {
    let digest = JSON.string(Digest(of: [UInt8(number)]).hex)
    return switch kind {
    case .calls:
      Record(
        kind,
        [
          "answer": ["finish": "stop", "text": .string("yes \(number)")], "key": digest,
          "request": ["draw": .string("\(number)")],
          "usage": ["input": 12, "output": JSON(number)],
        ])
    case .tombstones:
      Record(
        kind, .object(JSONObject([(number == 1 ? "revives" : "record", digest), ("by", digest)])))
    default: Record(kind, ["slot": JSON(number), "text": .string("a \"text\"")])
    }
  }

  private static func check(content: [UInt8]) {
    guard let lines = try? Shard.lineRanges(content) else { return }
    var end = 0
    for line in lines {
      expect(line.lowerBound == end && !line.isEmpty, "lines leave something out")
      expect(content[line.upperBound] == 0x0A, "a line does not end")
      end = line.upperBound + 1
    }
    expect(end == content.count, "lines leave the end out")
    for line in lines.prefix(100) { check(line: Array(content[line])) }
    _ = try? Tombstone.all(in: content)
  }

  static func check(line: [UInt8]) {
    _ = RecordKey(field: "slot").hash(of: line.span.bytes)
    let value = try? JSON(parsing: line)
    for kind in RecordKind.allCases {
      guard let record = try? Record(kind, line: line) else {
        expect(kind == .calls, "a line is no record")
        continue
      }
      expect(record.line == line, "a record has another line")
      _ = try? record.value()
      guard let value, value.canonicalBytes == line else { continue }
      expect(Record(kind, value) == record, "a record depends on who made it")
      guard kind == .calls else { continue }
      _ = try? CallKeys.key(record)
      guard var object = value.object else { continue }
      object["usage"] = nil
      let body = JSON.object(object).canonicalBytes
      expect(
        record.id == RecordID(kind: .calls, line: body.span.bytes), "an id covers what a call cost")
    }
  }
}
