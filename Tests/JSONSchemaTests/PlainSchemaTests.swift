import CanonicalJSON
import TestSupport
import Testing

@testable import JSONSchema

@Suite("Documents that are known to be valid at once")
struct PlainSchemaTests {
  private static let names = ["a", "b", "question", "a name of more than fifteen bytes", "é"]
  private static let texts = ["", "x", "12345", "äöü", "e\u{301}", "\u{0}", "a\"b\\c\n", "😀😀"]

  @Test("what is taken breaks no schema, and what is left to the whole validator breaks it")
  func random() throws {
    var random = SeededRandom(seed: 20)
    var (taken, left) = (0, 0)
    for _ in 0..<400 {
      let schema = Self.schema(depth: 2, &random)
      guard schema.object != nil else { continue }
      let plain = try #require(PlainSchema(schema), "\(schema.text)")
      let whole = try SchemaHandle(compiling: schema.text)
      for _ in 0..<25 {
        let document = Self.document(for: schema, depth: 3, &random)
        let isValid = whole.violations(in: document.text).isEmpty
        let isTaken = plain.accepts(document, sizeInBytes: 1 << 16)
        // The whole validator measures no further than to a NUL, and is left to do so.
        let isPlain = !document.text.contains("\\u0000")
        #expect(isTaken == isValid || isValid && !isPlain, "\(schema.text) of \(document.text)")
        if isTaken { taken += 1 } else { left += 1 }
      }
    }
    #expect(taken > 2000 && left > 2000)
  }

  @Test(
    "schemas with any other keyword are left to the whole validator",
    arguments: [
      "true", "false", "[]", #"{"pattern":"a"}"#, ##"{"$ref":"#/definitions/a"}"##,
      #"{"enum":[1]}"#,
      #"{"items":[{}]}"#, #"{"items":{"not":{}}}"#, #"{"properties":{"a":{"const":1}}}"#,
      #"{"additionalProperties":{"type":"string"}}"#,
      #"{"required":["a"],"additionalProperties":false}"#,
      #"{"minimum":3,"maximum":2}"#, #"{"minLength":3,"maxLength":2}"#, #"{"format":"date"}"#,
      #"{"uniqueItems":true}"#,
    ])
  func other(schema: String) throws {
    #expect(PlainSchema(try JSON(parsing: schema)) == nil)
  }

  @Test("large and wide documents are left to the whole validator")
  func bounds() throws {
    let plain = try #require(PlainSchema(["type": "object"]))
    let many = (0..<65).map { ("\($0)", JSON.null) }
    #expect(plain.accepts(.object(JSONObject(many.dropLast())), sizeInBytes: 1 << 14))
    #expect(!plain.accepts(.object(JSONObject(many)), sizeInBytes: 1 << 14))
    let text = JSON.string(String(repeating: "\u{1}", count: 1000))
    #expect(!plain.accepts(["a": text], sizeInBytes: 6000))
    #expect(plain.accepts(["a": text], sizeInBytes: 6100))
    // All that it takes is no larger than that.
    let validator = try SchemaValidator(schema: ["type": "string"])
    let most = String(repeating: "a", count: SchemaValidator.maximumSize - 2)
    #expect(validator.validate(.string(most)).isEmpty)
    #expect(validator.validate(.string(most + "a")) == ["the document has more than 256 KiB"])
  }

  @Test("whole numbers are integers as far as doubles hold them")
  func integers() throws {
    let plain = try #require(PlainSchema(["type": "integer"]))
    for number in [0, -0.0, 7, -7, 0x1p53] {
      #expect(plain.accepts(.number(number), sizeInBytes: 99))
    }
    for number in [0.5, 1e300, 0x1p54] { #expect(!plain.accepts(.number(number), sizeInBytes: 99)) }
  }

  // MARK: - Random values

  private static func schema(depth: Int, _ random: inout SeededRandom) -> JSON {
    if Int.random(in: 0..<8, using: &random) == 0 { return true }
    var object = JSONObject()
    func sometimes(_ name: String, _ value: () -> JSON) {
      if Int.random(in: 0..<3, using: &random) == 0 { object[name] = value() }
    }
    let types = Keywords.types.shuffled(using: &random)
    switch Int.random(in: 0..<4, using: &random) {
    case 0: object["type"] = .string(types[0])
    case 1: object["type"] = .array(types.prefix(2).map(JSON.string))
    case 2: object["type"] = "object"
    default: break
    }
    sometimes("title") { "a title" }
    sometimes("minimum") { JSON(Int.random(in: -3...1, using: &random)) }
    sometimes("maximum") { JSON(Int.random(in: 1...4, using: &random)) }
    sometimes("minLength") { JSON(Int.random(in: 0...2, using: &random)) }
    sometimes("maxLength") { JSON(Int.random(in: 2...5, using: &random)) }
    sometimes("minItems") { JSON(Int.random(in: 0...1, using: &random)) }
    sometimes("maxItems") { JSON(Int.random(in: 1...3, using: &random)) }
    guard depth > 0 else {
      sometimes("enum") { .array(texts.shuffled(using: &random).prefix(3).map(JSON.string)) }
      return .object(object)
    }
    sometimes("items") { schema(depth: depth - 1, &random) }
    let known = names.shuffled(using: &random).prefix(Int.random(in: 0...3, using: &random))
    object["properties"] = .object(
      JSONObject(known.map { ($0, schema(depth: depth - 1, &random)) }))
    sometimes("required") { .array(known.prefix(2).map(JSON.string)) }
    sometimes("additionalProperties") { .bool(Bool.random(using: &random)) }
    return .object(object)
  }

  /// A value that a schema may take.
  private static func document(
    for schema: JSON, depth: Int, _ random: inout SeededRandom
  ) -> JSON {
    let type =
      schema["type"]?.string ?? schema["type"]?.array?.randomElement(using: &random)?.string
    let isOther = Int.random(in: 0..<10, using: &random) == 0
    switch isOther ? nil : type ?? Keywords.types.randomElement(using: &random) {
    case "object" where depth > 0:
      var object = JSONObject()
      for member in schema["properties"]?.object?.members ?? [] {
        if Int.random(in: 0..<5, using: &random) > 0 {
          object[member.name] = document(for: member.value, depth: depth - 1, &random)
        }
      }
      if Int.random(in: 0..<4, using: &random) == 0 {
        object[names.randomElement(using: &random) ?? ""] = document(
          for: true, depth: depth - 1, &random)
      }
      return .object(object)
    case "array" where depth > 0:
      return .array(
        (0..<Int.random(in: 0...3, using: &random)).map { _ in
          document(for: schema["items"] ?? true, depth: depth - 1, &random)
        })
    case "string":
      let choices = schema["enum"]?.array ?? []
      return choices.randomElement(using: &random)
        ?? .string(
          texts.randomElement(using: &random) ?? "")
    case "integer": return JSON(Int.random(in: -4...5, using: &random))
    case "number": return .number(Double(Int.random(in: -8...10, using: &random)) / 2)
    case "boolean": return .bool(Bool.random(using: &random))
    default: return .null
    }
  }
}
