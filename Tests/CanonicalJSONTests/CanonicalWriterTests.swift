import CanonicalJSON
import TestSupport
import Testing

@Suite("Canonical form")
struct CanonicalWriterTests {
  struct Number: Sendable {
    let bits: UInt64
    let text: String

    init(_ bits: UInt64, _ text: String) {
      self.bits = bits
      self.text = text
    }
  }

  /// Appendix B of RFC 8785, without the values that are no JSON.
  static let numbers = [
    Number(0x0000_0000_0000_0000, "0"), Number(0x8000_0000_0000_0000, "0"),
    Number(0x0000_0000_0000_0001, "5e-324"), Number(0x8000_0000_0000_0001, "-5e-324"),
    Number(0x7FEF_FFFF_FFFF_FFFF, "1.7976931348623157e+308"),
    Number(0xFFEF_FFFF_FFFF_FFFF, "-1.7976931348623157e+308"),
    Number(0x4340_0000_0000_0000, "9007199254740992"),
    Number(0xC340_0000_0000_0000, "-9007199254740992"),
    Number(0x4430_0000_0000_0000, "295147905179352830000"),
    Number(0x44B5_2D02_C7E1_4AF5, "9.999999999999997e+22"),
    Number(0x44B5_2D02_C7E1_4AF6, "1e+23"),
    Number(0x44B5_2D02_C7E1_4AF7, "1.0000000000000001e+23"),
    Number(0x444B_1AE4_D6E2_EF4E, "999999999999999700000"),
    Number(0x444B_1AE4_D6E2_EF4F, "999999999999999900000"),
    Number(0x444B_1AE4_D6E2_EF50, "1e+21"),
    Number(0x3EB0_C6F7_A0B5_ED8C, "9.999999999999997e-7"),
    Number(0x3EB0_C6F7_A0B5_ED8D, "0.000001"),
    Number(0x41B3_DE43_5555_5553, "333333333.3333332"),
    Number(0x41B3_DE43_5555_5554, "333333333.33333325"),
    Number(0x41B3_DE43_5555_5555, "333333333.3333333"),
    Number(0x41B3_DE43_5555_5556, "333333333.3333334"),
    Number(0x41B3_DE43_5555_5557, "333333333.33333343"),
    Number(0xBECB_F647_612F_3696, "-0.0000033333333333333333"),
    Number(0x4314_3FF3_C1CB_0959, "1424953923781206.2"),
  ]

  @Test("numbers are written as in the appendix of RFC 8785", arguments: numbers)
  func appendixB(number: Number) throws {
    let value = Double(bitPattern: number.bits)
    #expect(JSON.number(value).canonicalText == number.text)
    guard number.text != "295147905179352830000", !number.text.hasPrefix("99999999999999") else {
      // As text these are integers beyond 2^53, which are not read.
      #expect(throws: JSONError.self) { try JSON(parsing: number.text) }
      return
    }
    #expect(try JSON(parsing: number.text).double == value)
  }

  @Test(
    "numbers around the changes of notation",
    arguments: [
      (1, "1"), (-1, "-1"), (10, "10"), (0.1, "0.1"), (1.5, "1.5"), (100.25, "100.25"),
      (1e15, "1000000000000000"), (123e18, "123000000000000000000"),
      (1e20, "100000000000000000000"),
      (1.5e21, "1.5e+21"), (1e-6, "0.000001"), (1.25e-6, "0.00000125"), (1e-7, "1e-7"),
      (1.25e-7, "1.25e-7"), (9_007_199_254_740_991, "9007199254740991"),
      (9_007_199_254_740_994, "9007199254740994"), (0.3, "0.3"), (0.1 + 0.2, "0.30000000000000004"),
    ] as [(Double, String)])
  func notation(value: Double, text: String) {
    #expect(JSON.number(value).canonicalText == text)
  }

  /// Hashes by FNV-1a of what node's JSON.stringify prints, each line ended by a line feed.
  @Test("20,000 random numbers are written as ECMAScript writes them")
  func differential() {
    var random = SeededRandom(seed: 42)
    var anyBits = FNV()
    var count = 0
    while count < 20_000 {
      let value = Double(bitPattern: random.next())
      guard value.isFinite else { continue }
      anyBits.add(JSON.number(value).canonicalText + "\n")
      count += 1
    }
    #expect(String(anyBits.hash, radix: 16) == "3a6f88fce1fa1226")

    var everyday = FNV()
    let powers: [Double] = (0..<13).reduce(into: []) { powers, _ in
      powers.append((powers.last ?? 0.1) * 10)
    }
    for _ in 0..<20_000 {
      let digits = Double(random.next() >> 24)
      let power = Int(random.next() % 13)
      everyday.add(JSON.number(digits / powers[power]).canonicalText + "\n")
    }
    #expect(String(everyday.hash, radix: 16) == "a6b756be88343959")
  }

  @Test("names are sorted by UTF-16 code units, as in RFC 8785")
  func nameOrder() throws {
    let text = #"""
      {"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
      "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control",
      "\u00f6":"Latin Small Letter O With Diaeresis"}
      """#
    let value = try JSON(parsing: text)
    #expect(
      value.canonicalText
        == "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u{80}\":\"Control\","
        + "\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\","
        + "\"😀\":\"Emoji: Grinning Face\",\"\u{FB33}\":\"Hebrew Letter Dalet With Dagesh\"}")
  }

  @Test("names that differ only in normalisation are two names, in the order of code units")
  func normalisation() throws {
    let value = try JSON(parsing: #"{"\u00e9":1,"e\u0301":2,"e":3}"#)
    #expect(value["\u{E9}"] == 1)
    #expect(value["e\u{301}"] == 2)
    #expect(Array(value.canonicalBytes) == Array("{\"e\":3,\"e\u{301}\":2,\"\u{E9}\":1}".utf8))
  }

  @Test("the example of RFC 8785 comes out as printed there")
  func example() throws {
    let value = try JSON(
      parsing: #"""
        {
          "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
          "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
          "literals": [null, true, false]
        }
        """#)
    #expect(
      value.canonicalText
        == #"{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"#
        + #""string":"€$\u000f\nA'B\"\\\\\"/"}"#)
  }

  @Test("control characters, quotes and backslashes are escaped, and nothing else")
  func escapes() throws {
    let short = [8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: "\\\"", 92: "\\\\"]
    for code in 0..<0x100 {
      let scalar = try #require(Unicode.Scalar(UInt32(code)))
      let digits = String(code, radix: 16)
      let expected =
        short[code]
        ?? (code < 32 ? "\\u00" + (digits.count < 2 ? "0" : "") + digits : String(scalar))
      let text = JSON.string(String(scalar)).canonicalText
      #expect(Array(text.utf8) == Array("\"\(expected)\"".utf8), "code \(code)")
    }
    #expect(JSON.string("\r\n\u{2028}/<").canonicalText == "\"\\r\\n\u{2028}/<\"")
  }

  @Test("the compact form keeps the order of members, the canonical one does not depend on it")
  func memberOrder() {
    let one: JSON = ["b": 1, "a": ["d": 2, "c": 3]]
    let other: JSON = ["a": ["c": 3, "d": 2], "b": 1]
    #expect(one.text == #"{"b":1,"a":{"d":2,"c":3}}"#)
    #expect(one.canonicalText == #"{"a":{"c":3,"d":2},"b":1}"#)
    #expect(one.canonicalBytes == other.canonicalBytes)
    #expect(one == other)
    #expect(one.hashValue == other.hashValue)
  }

  @Test("infinite numbers are a broken invariant")
  func infinity() async {
    await #expect(processExitsWith: .failure) { _ = JSON.number(.infinity).canonicalBytes }
    await #expect(processExitsWith: .failure) { _ = JSON.number(.nan).canonicalBytes }
  }
}
