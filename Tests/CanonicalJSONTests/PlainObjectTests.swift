import CanonicalJSON
import TestSupport
import Testing

/// What is found without the parser is what the parser finds, and what the parser refuses is not found.
@Suite("Members of plain objects")
struct PlainObjectTests {
  private static let key = String(repeating: "ab", count: 32)

  /// Lines of the plain form, with the value of their key as it is written.
  static let plain: [(text: String, value: String)] = [
    (#"{"key":"a"}"#, #""a""#), (#"{"key":""}"#, #""""#), (#"{"key":{"key":1}}"#, #"{"key":1}"#),
    (#"{"a":{"key":"inner"},"key":"outer"}"#, #""outer""#),
    (#"{"a":[{"key":"inner"}],"key":[],"l":null}"#, "[]"),
    (#"{"a":"\",\"key\":\"x","key":"y"}"#, #""y""#), (#"{"a":"\\","key":"y\\"}"#, #""y\\""#),
    (#"{"a":"\u0001\u00e9\n\/","key":-0.25}"#, "-0.25"),
    (#"{"a":0,"key":123456789012345}"#, "123456789012345"),
    (#"{"é":1,"ü":2}"#, ""), (#"{"":true,"key":false}"#, "false"), ("{}", ""),
    (#"{"KEY":1,"ke":2,"keyy":3}"#, ""),
    (
      #"{"answer":{"finish":"stop","text":"é😀"},"key":"\#(key)","request":{"a":[1,2,{}]}}"#,
      #""\#(key)""#
    ),
  ]

  @Test("A member of the plain form is found where it is", arguments: plain)
  func found(text: String, value: String) throws {
    let bytes = Array(text.utf8)
    let range = PlainObject.value(of: "key", in: bytes.span)
    #expect(String(decoding: range.map { bytes[$0] } ?? [], as: UTF8.self) == value)
    let parsed = try JSON(parsing: text)["key"]
    #expect(try range.map { try JSON(parsing: Array(bytes[$0])) } == parsed)
  }

  /// Other JSON, which is left to the parser, and what is no JSON.
  private static let unknownTexts: [String] = [
    #"{"\u006bey":"a"}"#, #"{"k\u0065y":1,"key":2}"#, #"{"key":"a","key":"b"}"#,
    #"{"key":1,"a":2}"#,
    #"{"key":1,"l":{"b":1,"a":2}}"#, #"{"key":1,"l":{"a":1,"a":1}}"#, #"{"key": "a"}"#,
    #" {"key":1}"#,
    #"{"key":1} "#, #"{"key":1}{"#, #"{"key":1}}"#, #"{"key":1"#, #"{"key":"a"#, #"{"key":"a\"}"#,
    #"{"key"}"#,
    #"{"key":}"#, #"{"key":1,}"#, #"{,"key":1}"#, #"{"key":[1,]}"#, #"{"key":[1 2]}"#,
    #"{"key":01}"#,
    #"{"key":1.}"#, #"{"key":-}"#, #"{"key":.5}"#, #"{"key":1e5}"#, #"{"key":1E999}"#,
    #"{"key":9007199254740993}"#,
    #"{"key":0x10}"#, #"{"key":tru}"#, #"{"key":nulll}"#, #"{"key":NaN}"#, #"{"key":"\x"}"#,
    #"{"key":"\u12"}"#,
    #"{"key":"\ud800"}"#, #"{"key":"\uD83D\uDE00"}"#, #"{"key":"\u00g0"}"#, #"{"key":1;"l":2}"#,
    #"{'key':1}"#,
    #"["key"]"#, #""key""#, "", "{", #"{""#, "{\"key\":\"a\tb\"}", "{\"key\":\"a\u{1}\"}",
    "{\"key\":1\n}",
    #"{"key":1,"l":]}"#, #"{"key":[}}"#, "\u{FEFF}{\"key\":1}",
    "{\"key\":1,\"l\":\u{0}}",
  ]

  /// Bytes that are no UTF-8, within a text and behind it.
  private static let unknownBytes: [[UInt8]] = [
    joined(#"{"key":"a"#, [0xFF], #""}"#), joined(#"{"a":"x"#, [0xC3], #"","key":"b"}"#),
    joined(#"{"a":""#, [0xED, 0xA0, 0x80], #"","key":"b"}"#),
    joined(#"{"a":""#, [0xC0, 0xA2], #"","key":"b"}"#), joined(#"{"key":1"#, [0xC2, 0xA0], "}"),
  ]

  private static func joined(_ start: String, _ bytes: [UInt8], _ end: String) -> [UInt8] {
    var whole = Array(start.utf8)
    whole += bytes
    whole += end.utf8
    return whole
  }

  static let unknown: [[UInt8]] = unknownTexts.map { Array($0.utf8) } + unknownBytes

  @Test("Of any other form nothing is said", arguments: unknown)
  func others(bytes: [UInt8]) {
    #expect(PlainObject.value(of: "key", in: bytes.span) == nil)
  }

  @Test("What is nested as deep as the parser takes is plain, and no deeper")
  func depth() throws {
    for depth in [2, 127, 128, 129, 100_000] {
      let bytes = Self.joined(
        #"{"key":"#, Array(String(repeating: "[", count: depth - 1).utf8),
        String(repeating: "]", count: depth - 1) + "}")
      let isTaken = (try? JSON(parsing: bytes)) != nil
      #expect(isTaken == (depth <= JSON.maximumDepth))
      #expect((PlainObject.value(of: "key", in: bytes.span) != nil) == isTaken, "\(depth)")
    }
  }

  @Test("Whatever bytes are changed, what is found is what the parser finds")
  func changed() throws {
    var random = SeededRandom(seed: 11)
    var pieces = Array("\"\\{}[],:019.-eu ntkey\t\u{0}é😀".utf8)
    pieces += [0xFF, 0xC0, 0x80, 0xED]
    var count = 0
    for (text, _) in Self.plain {
      let whole = Array(text.utf8)
      for _ in 0..<600 {
        var bytes = whole
        for _ in 0...Int.random(in: 0..<2, using: &random) where !bytes.isEmpty {
          let place = Int.random(in: 0..<bytes.count, using: &random)
          switch Int.random(in: 0..<4, using: &random) {
          case 0: bytes.remove(at: place)
          case 1: bytes.insert(pieces[Int.random(in: 0..<pieces.count, using: &random)], at: place)
          case 2: bytes.removeLast(bytes.count - place)
          default: bytes[place] = pieces[Int.random(in: 0..<pieces.count, using: &random)]
          }
        }
        guard let range = PlainObject.value(of: "key", in: bytes.span) else { continue }
        count += 1
        let parsed = try JSON(parsing: bytes)["key"]
        #expect(try JSON(parsing: Array(bytes[range])) == parsed, "\(bytes)")
      }
    }
    #expect(count > 100)
  }
}
