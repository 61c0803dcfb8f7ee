import CanonicalJSON
import JSONSchema
import Testing

@Suite("References in schemas")
struct SchemaReferencesTests {
  @Test("A part stands by itself, whatever it named and through whatever steps")
  func inlined() throws {
    let schema = try JSON(
      parsing: """
        {"type": "object", "properties": {
          "plain": {"type": "integer"},
          "choice": {"$ref": "#/definitions/outer"},
          "list": {"type": "array", "items": [{"$ref": "#/definitions/a~1b"}, {"const": 3}]}},
         "definitions": {
          "outer": {"$ref": "#/definitions/inner"},
          "inner": {"enum": ["A", "B"]},
          "a/b": {"type": "string", "not": {"$ref": "#/properties/choice"}}}}
        """)
    func inlined(_ name: String) throws -> String? {
      let part = try #require(schema["properties"]?[name])
      return SchemaReferences.inlined(part, in: schema)?.text
    }
    #expect(try inlined("plain") == #"{"type":"integer"}"#)
    #expect(try inlined("choice") == #"{"enum":["A","B"]}"#)
    #expect(
      try inlined("list")
        == #"{"type":"array","items":[{"type":"string","not":{"enum":["A","B"]}},{"const":3}]}"#)
    let part: JSON = ["$ref": "#/definitions/none"]
    #expect(SchemaReferences.inlined(part, in: schema) == nil)
  }

  @Test("What would grow without bound is refused, also where it never ends")
  func tooLarge() throws {
    var definitions = JSONObject([("s0", ["type": "string"])])
    for level in 1...30 {
      let half: JSON = ["$ref": .string("#/definitions/s\(level - 1)")]
      definitions["s\(level)"] = ["anyOf": [half, half]]
    }
    let schema: JSON = ["definitions": .object(definitions)]
    let small: JSON = ["$ref": "#/definitions/s3"]
    #expect(SchemaReferences.inlined(small, in: schema) != nil)
    let large: JSON = ["$ref": "#/definitions/s30"]
    #expect(SchemaReferences.inlined(large, in: schema) == nil)
    let endless: JSON = ["definitions": ["a": ["$ref": "#/definitions/a"]]]
    #expect(SchemaReferences.inlined(["$ref": "#/definitions/a"], in: endless) == nil)
  }
}
