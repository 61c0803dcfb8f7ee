import CanonicalJSON
import JSONSchema
import Testing

@Suite("Schemas that are refused")
struct SchemaRefusalTests {
  struct Refusal: Sendable, CustomTestStringConvertible {
    let schema: String
    let code: SchemaError.Code
    let path: String
    let message: String
    var hint: String?
    var testDescription: String { schema }
  }

  static let refusals: [Refusal] = [
    Refusal(schema: "{", code: .syntax, path: "", message: "expected a member name, at byte 1"),
    Refusal(
      schema: #"{"type":"strng"}"#, code: .invalid, path: "/type", message: "strng",
      hint: "types are array, boolean, integer, null, number, object, string"),
    Refusal(
      schema: #"{"properties": 3}"#, code: .invalid, path: "/properties",
      message: "expected object, got integer (it is 3)"),
    Refusal(
      schema: #"{"properties": {"a": {"minLength": -1}}}"#, code: .invalid,
      path: "/properties/a/minLength", message: "it is -1"),
    Refusal(
      schema: #"{"required": "a"}"#, code: .invalid, path: "/required", message: "expected array"),
    Refusal(schema: #"{"enum": 1}"#, code: .invalid, path: "/enum", message: "expected array"),
    Refusal(schema: "3", code: .invalid, path: "", message: "expected object or boolean"),
    Refusal(
      schema: #"{"properties": {"a": {"$ref": "http://example.com/a.json"}}}"#, code: .unsupported,
      path: "/properties/a/$ref", message: "another document",
      hint: "copy that schema under 'definitions' and refer to '#/definitions/name'"),
    Refusal(
      schema: ##"{"$ref": "#/definitions/a"}"##, code: .invalid, path: "/$ref",
      message: "no schema here"
    ),
    Refusal(
      schema: ##"{"$ref": "#"}"##, code: .unsupported, path: "", message: "leads back to itself"),
    Refusal(
      schema: ##"{"properties": {"child": {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}}}"##,
      code: .unsupported, path: "", message: "leads back to itself"),
    Refusal(
      schema: #"{"properties": {"a": {"pattern": "("}}}"#, code: .unsupported,
      path: "/properties/a/pattern", message: "cannot use the pattern '('"),
    Refusal(
      schema: #"{"pattern": "(a)\\1"}"#, code: .unsupported, path: "/pattern",
      message: "cannot use the pattern"),
    Refusal(
      schema: #"{"pattern": "(((a{100}){100}){100})"}"#, code: .unsupported, path: "/pattern",
      message: "cannot use the pattern"),
    Refusal(
      schema: #"{"patternProperties": {"[": true}}"#, code: .unsupported,
      path: "/patternProperties", message: "cannot use the pattern"),
    Refusal(
      schema: #"{"prefixItems": []}"#, code: .unsupported, path: "",
      message: "'prefixItems' is not supported",
      hint: "write 'items' with an array of schemas as in draft-07"),
    Refusal(
      schema: #"{"requred": ["a"]}"#, code: .invalid, path: "",
      message: "unknown keyword 'requred'",
      hint: "did you mean 'required'?"),
    Refusal(
      schema: #"{"minlength": 1}"#, code: .invalid, path: "", message: "unknown keyword",
      hint: "did you mean 'minLength'?"),
    Refusal(
      schema: #"{"properties": {"a": {"$id": "b"}}}"#, code: .unsupported, path: "/properties/a",
      message: "'$id'"),
    Refusal(
      schema: #"{"title": "a\u0000b"}"#, code: .unsupported, path: "", message: "NUL"),
  ]

  @Test("A bad schema is refused with its place and the reason", arguments: refusals)
  func refusal(_ refusal: Refusal) throws {
    let error = try #require(throws: SchemaError.self) {
      _ = try SchemaValidator(schema: refusal.schema)
    }
    #expect(error.code == refusal.code)
    #expect(error.path == refusal.path)
    #expect(error.message.contains(refusal.message), "\(error.message)")
    if let hint = refusal.hint { #expect(error.hint == hint) }
    #expect(!error.message.hasSuffix("."))
  }

  @Test("A schema may nest 64 levels and no more")
  func depth() throws {
    func nested(_ levels: Int) -> String {
      let open = String(repeating: #"{"not":"#, count: levels - 1)
      return open + "{}" + String(repeating: "}", count: levels - 1)
    }
    _ = try SchemaValidator(schema: nested(64))
    let error = #expect(throws: SchemaError.self) { try SchemaValidator(schema: nested(65)) }
    #expect(error?.code == .tooLarge)
  }

  @Test("A schema beyond 256 KiB is refused")
  func size() {
    let text = #"{"title":""# + String(repeating: "a", count: 256 << 10) + #""}"#
    let error = #expect(throws: SchemaError.self) { try SchemaValidator(schema: text) }
    #expect(error?.code == .tooLarge)
  }

  @Test("References that double at each of many steps are refused before they cost anything")
  func expansion() {
    let steps = (0..<40).map { step in
      let next = ##"{"$ref": "#/definitions/d\##(step + 1)"}"##
      return #""d\#(step)": {"allOf": [\#(next), \#(next)]}"#
    }
    let definitions = steps.joined(separator: ",") + #", "d40": {}"#
    let text = ##"{"definitions": {\##(definitions)}, "$ref": "#/definitions/d0"}"##
    let error = #expect(throws: SchemaError.self) { try SchemaValidator(schema: text) }
    #expect(error?.code == .tooLarge)
  }
}
