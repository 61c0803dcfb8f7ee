import CanonicalJSON
import Testing

@testable import ArtifactStore

/// Calls are read as bytes where that gives what the parser gives.
@Suite("Ids and keys of calls")
struct CallKeysTests {
  static let key = String(repeating: "0123456789abcdef", count: 4)
  static let whole =
    #"{"answer":{"finish":"stop","text":"{\"key\":\"x\"}\né😀\u0001"},"key":"\#(key)","#
    + #""request":{"draw":"slot 1","key":"inner","messages":[{"role":"user","text":"a"}]},"#
    + #""usage":{"input":12,"output":3}}"#

  private func read(_ line: [UInt8]) throws -> (id: RecordID, key: Digest) {
    // Within other bytes, as in a shard.
    var bytes = Array("before\n".utf8)
    bytes += line
    bytes += Array("\nafter\n".utf8)
    return try CallKeys.identity(of: bytes[7..<(7 + line.count)])
  }

  /// The id and key of a line by parsing it, nil for one that has none.
  private func parsed(_ line: [UInt8]) -> (id: RecordID, key: Digest)? {
    guard var call = try? JSON(parsing: line).object, let text = call["key"]?.string,
      let key = Digest(hex: text)
    else { return nil }
    let isCanonical = JSON.object(call).canonicalBytes == line
    call["usage"] = nil
    return isCanonical
      ? (RecordID(kind: .calls, line: JSON.object(call).canonicalBytes.span.bytes), key)
      : (try? Record(.calls, line: line)).map { ($0.id, key) }
  }

  private func check(_ line: [UInt8]) {
    let expected = parsed(line)
    let text = String(decoding: line, as: UTF8.self)
    do {
      let found = try read(line)
      #expect(found.id == expected?.id, "\(text)")
      #expect(found.key == expected?.key, "\(text)")
    } catch {
      #expect((error as? StoreError)?.code == .corrupt, "\(text)")
      #expect(expected == nil, "\(text)")
    }
  }

  @Test("the usual line has the known id and key")
  func usual() throws {
    let found = try read(Array(Self.whole.utf8))
    #expect(found.key.hex == Self.key)
    let body = Self.whole.replacing(#","usage":{"input":12,"output":3}"#, with: "")
    #expect(found.id == RecordID(kind: .calls, line: Array(body.utf8).span.bytes))
    #expect(try Record(.calls, line: Array(Self.whole.utf8)).id == found.id)
  }

  /// What is put in the place of something in the usual line.
  static let changes: [(old: String, new: String)] = [
    (#""key":"\#(key)""#, #""k\u0065y":"\#(key)""#), (#""key":"\#(key)","#, ""),
    (#""key":"\#(key)""#, #""key":"\#(key.uppercased())""#), (#""key":"0"#, #""key":"00"#),
    (#""key":"0"#, #""key":""#), (#""key":"0"#, #""key":"\u0030"#), (#""key":"0"#, #""key":"g"#),
    (#""key":"\#(key)""#, #""key":"\#(key)","key":"\#(key)""#),
    (#""key":"\#(key)""#, #""key":null"#),
    (#""key":"\#(key)""#, #""key":["\#(key)"]"#),
    (#""key":"\#(key)""#, #""key":{"key":"\#(key)"}"#),
    (#"{"answer""#, #"{"answer":1,"answer""#), (#"{"answer""#, #"{ "answer""#),
    (#""key":"inner""#, #""key":"\#(key)""#), (#""key":"inner""#, #""draw":"twice""#),
    (#""key":"inner""#, #""key":"inner\ud800""#), (#""draw":"slot 1""#, #""draw":01"#),
    (#""request":{"#, #""request":{"z":1,"#), (#""request""#, #""bequest""#),
    (#""usage":{"input":12"#, #""usage":{"input":12.5"#),
    (#","usage":{"input":12,"output":3}"#, ""),
    (#""output":3}}"#, #""output":3},"v":1}"#), (#""output":3}}"#, #""output":3}} "#),
    (#""output":3}}"#, #""output":3}"#), (#"{"answer""#, #"[{"answer""#),
    (whole, ""), (whole, "{}"), (whole, "null"), (whole, #""key""#), (whole, #"{"key":"\#(key)"}"#),
    (whole, #"{"usage":{},"key":"\#(key)"}"#), (whole, String(repeating: "[", count: 10_000)),
  ]

  @Test("any other line has the id and key that parsing gives, or none", arguments: changes)
  func changed(old: String, new: String) {
    let text = Self.whole.replacing(old, with: new, maxReplacements: 1)
    #expect(text != Self.whole)
    check(Array(text.utf8))
  }

  @Test("a line that is cut, or has a byte changed, is as parsing takes it")
  func bytes() {
    let whole = Array(Self.whole.utf8)
    for count in 0..<whole.count { check(Array(whole[..<count])) }
    var bytes = Array("\"\\{}, 0\u{1}".utf8)
    bytes.append(0xFF)
    for place in whole.indices {
      for byte in bytes where byte != whole[place] {
        var line = whole
        line[place] = byte
        check(line)
      }
    }
  }
}
