import CanonicalJSON
import TestSupport
import Testing

@Suite("JSON parser")
struct JSONParserTests {
  struct Refusal: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let code: JSONError.Code
    let offset: Int
    var testDescription: String { String(decoding: bytes.prefix(60), as: UTF8.self) }

    init(_ bytes: [UInt8], _ code: JSONError.Code, _ offset: Int) {
      self.bytes = bytes
      self.code = code
      self.offset = offset
    }
    init(_ text: String, _ code: JSONError.Code, _ offset: Int) {
      self.init(Array(text.utf8), code, offset)
    }
  }

  static let syntax = [
    Refusal("x", .syntax, 0), Refusal("tru", .syntax, 3), Refusal("trve", .syntax, 2),
    Refusal("nul", .syntax, 3), Refusal("True", .syntax, 0), Refusal("NaN", .syntax, 0),
    Refusal("Infinity", .syntax, 0), Refusal("-Infinity", .syntax, 1), Refusal("-", .syntax, 1),
    Refusal("+1", .syntax, 0), Refusal(".5", .syntax, 0), Refusal("1.", .syntax, 2),
    Refusal("1.e3", .syntax, 2), Refusal("1e", .syntax, 2), Refusal("1e+", .syntax, 3),
    Refusal("[", .syntax, 1), Refusal("[1", .syntax, 2), Refusal("[1,", .syntax, 3),
    Refusal("[1,]", .syntax, 3), Refusal("[,1]", .syntax, 1), Refusal("[1 2]", .syntax, 3),
    Refusal("[1}", .syntax, 2), Refusal("{", .syntax, 1), Refusal("{a:1}", .syntax, 1),
    Refusal("{'a':1}", .syntax, 1), Refusal("{\"a\"}", .syntax, 4), Refusal("{\"a\":}", .syntax, 5),
    Refusal("{\"a\":1,}", .syntax, 7), Refusal("{\"a\":1 \"b\":2}", .syntax, 7),
    Refusal("{1:2}", .syntax, 1), Refusal("\"a", .syntax, 2), Refusal("\"a\\", .syntax, 3),
    Refusal("\"\\x\"", .syntax, 3), Refusal("\"\\u12g4\"", .syntax, 5),
    Refusal("\"\\u12", .syntax, 5), Refusal("\"a\nb\"", .syntax, 2),
    Refusal("\"\\n\u{1F}\"", .syntax, 3), Refusal("\"a\0\"", .syntax, 2),
    Refusal("// no\n1", .syntax, 0), Refusal("\u{FEFF}1", .syntax, 0),
    Refusal("\u{A0}1", .syntax, 0),
  ]
  static let encoding = [
    Refusal([0x22, 0xFF, 0x22], .encoding, 2), Refusal([0x22, 0xC3, 0x22], .encoding, 2),
    // Overlong, a surrogate in bytes, beyond U+10FFFF.
    Refusal([0x22, 0xC0, 0xAF, 0x22], .encoding, 3),
    Refusal([0x22, 0xED, 0xA0, 0x80, 0x22], .encoding, 4),
    Refusal([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], .encoding, 5),
    Refusal([0x22, 0x5C, 0x6E, 0xFF, 0x22], .encoding, 5),
    Refusal([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], .encoding, 3),
    Refusal(#""\ud83d""#, .encoding, 7), Refusal(#""\ude00""#, .encoding, 7),
    Refusal(#""\ud83dx""#, .encoding, 7), Refusal(#""\ud83d\n""#, .encoding, 8),
    Refusal(#""\ud83d\ud83d""#, .encoding, 13), Refusal(#""\ud83d\u0041""#, .encoding, 13),
    Refusal(#"{"\udfff":1}"#, .encoding, 8),
  ]
  static let others = [
    Refusal("", .empty, 0), Refusal(" \n\t\r", .empty, 4),
    Refusal("1 2", .trailingBytes, 2), Refusal("01", .trailingBytes, 1),
    Refusal("-01", .trailingBytes, 2), Refusal("{}x", .trailingBytes, 2),
    Refusal("nullx", .trailingBytes, 4), Refusal("1\0", .trailingBytes, 1),
    Refusal("[]]", .trailingBytes, 2), Refusal("0x10", .trailingBytes, 1),
    Refusal(#"{"a":1,"a":2}"#, .duplicateName, 10),
    Refusal(#"{"a":1,"\u0061":1}"#, .duplicateName, 15),
    Refusal(#"[{"":0,"":0}]"#, .duplicateName, 9),
    Refusal("9007199254740993", .numberOutOfRange, 16),
    Refusal("-9007199254740993", .numberOutOfRange, 17),
    Refusal("9007199254740994", .numberOutOfRange, 16),
    Refusal("[18446744073709551616]", .numberOutOfRange, 21),
    // These would be written as integers.
    Refusal("1e20", .numberOutOfRange, 4), Refusal("-9007199254740994.0", .numberOutOfRange, 19),
    Refusal("999999999999999900000.5", .numberOutOfRange, 23),
    Refusal("1e309", .numberOutOfRange, 5), Refusal("-1e999999999999", .numberOutOfRange, 15),
    Refusal("1" + String(repeating: "0", count: 400), .numberOutOfRange, 401),
    Refusal(String(repeating: "[", count: 129), .tooDeep, 128),
    Refusal(String(repeating: #"{"":"#, count: 129), .tooDeep, 128 * 4),
    Refusal(String(repeating: "[", count: 1_000_000), .tooDeep, 128),
  ]

  @Test(
    "what is no JSON here is refused, with its code and place",
    arguments: syntax + encoding + others)
  func refusals(refusal: Refusal) throws {
    let error = try #require(throws: JSONError.self) { try JSON(parsing: refusal.bytes) }
    #expect(error.code == refusal.code)
    #expect(error.offset == refusal.offset)
    #expect(error.message.first?.isLowercase == true)
    #expect(error.message.last != ".")
  }

  @Test(
    "numbers up to the limits are read",
    arguments: [
      ("9007199254740992", 0x1p53), ("-9007199254740992", -0x1p53), ("-0", 0), ("-0.0", 0),
      ("0e5", 0), ("9007199254740993.0", 0x1p53), ("1e300", 1e300), ("1e21", 1e21), ("1E+2", 100),
      ("1e-2", 0.01),
      ("4.9e-324", .leastNonzeroMagnitude), ("1e-400", 0),
      ("1.7976931348623157e308", .greatestFiniteMagnitude),
    ] as [(String, Double)])
  func limits(text: String, value: Double) throws {
    #expect(try JSON(parsing: text) == .number(value))
    #expect(try JSON(parsing: " [\(text)] ").array == [.number(value)])
  }

  @Test("minus zero is written as zero")
  func minusZero() throws {
    #expect(try JSON(parsing: "-0").canonicalText == "0")
    #expect(try JSON(parsing: "[-0.0e7]").text == "[0]")
  }

  @Test("nesting is read down to 128 levels")
  func depth() throws {
    let deepest = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
    #expect(try JSON(parsing: deepest).canonicalText == deepest)
    // Depth counts what is open, not what was.
    let wide = "[" + Array(repeating: "[]", count: 1000).joined(separator: ",") + "]"
    #expect(try JSON(parsing: wide).array?.count == 1000)
  }

  @Test("a name that stands twice is found among many")
  func manyNames() throws {
    for count in [15, 16, 17, 40] {
      let names = (0..<count).map { "\"n\($0)\":0" }
      let whole = "{" + names.joined(separator: ",") + "}"
      #expect(try JSON(parsing: whole).object?.names.count == count)
      for twice in [0, count / 2, count - 1] {
        let text = "{" + (names + [names[twice]]).joined(separator: ",") + "}"
        let error = try #require(throws: JSONError.self) { try JSON(parsing: text) }
        #expect(error.code == .duplicateName)
      }
    }
  }

  @Test("objects are compared whatever the order of their members, and many in time")
  func comparison() throws {
    func compare(count: Int) throws {
      func object(_ names: some Sequence<Int>, last: Int) throws -> JSON {
        let members = names.map { "\"\($0)\":\($0 == count - 1 ? last : $0)" }
        return try JSON(parsing: "{" + members.joined(separator: ",") + "}")
      }
      let value = try object(0..<count, last: 1)
      #expect(try object((0..<count).reversed(), last: 1) == value)
      #expect(try object((0..<count).reversed(), last: 2) != value)
    }
    try compare(count: 16)
    let growth = try growth(toFourTimes: 12_000) { try compare(count: $0) }
    #expect(growth < 8)
  }

  @Test("surrogate pairs and escapes become their characters")
  func escapes() throws {
    let value = try JSON(parsing: #""\ud83d\ude00\u00e9\/\b\f\n\r\t\"\\\u0000""#)
    #expect(value.string == "😀é/\u{8}\u{C}\n\r\t\"\\\0")
  }

  @Test("every beginning of a document that is cut off is refused")
  func truncation() throws {
    let whole = Array(#"{"a":[1,-2.5e3,"é\u00e9",true,false,null],"b":{"c":{}}}"#.utf8)
    _ = try JSON(parsing: whole)
    for count in 0..<whole.count {
      #expect(throws: JSONError.self) { try JSON(parsing: Array(whole.prefix(count))) }
    }
  }
}
