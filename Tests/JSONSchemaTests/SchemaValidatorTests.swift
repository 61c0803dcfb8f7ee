import CanonicalJSON
import JSONSchema
import TestSupport
import Testing

@Suite("Validation against a schema")
struct SchemaValidatorTests {
  static let sample = ##"""
    {"type": "object",
     "properties": {
       "question": {"type": "string", "minLength": 5},
       "answer": {"type": "integer"},
       "level": {"enum": ["easy", "hard"]},
       "code": {"type": "string", "pattern": "^[a-zäöü]{2,4}$"},
       "steps": {"type": "array", "items": {"$ref": "#/definitions/step"}}},
     "required": ["question", "answer"], "additionalProperties": false,
     "definitions": {"step": {"type": "object", "properties": {"text": {"type": "string"}}}}}
    """##

  @Test(
    "A violation names the place and what was expected",
    arguments: [
      (#"{"question":"How many?","answer":2}"#, []),
      (#"{"question":"How many?","answer":2.0}"#, []),
      (#"{"question":"How many?","answer":"2"}"#, ["/answer: expected integer, got string"]),
      (#"{"question":"How many?","answer":2.5}"#, ["/answer: expected integer, got number"]),
      (#"{"question":"How many?"}"#, ["missing property 'answer'"]),
      (#"{"question":"How many?","answer":1,"extra":1}"#, ["unknown property 'extra'"]),
      (
        #"{"question":"How","answer":1}"#,
        ["/question: string should be no fewer than 5 characters in length"]
      ),
      (
        #"{"question":"How many?","answer":1,"level":"mid"}"#,
        [#"/level: not one of ["easy","hard"]"#]
      ),
      (#"{"question":"How many?","answer":1,"code":"grün"}"#, []),
      (
        #"{"question":"How many?","answer":1,"code":"GRÜN"}"#,
        ["/code: does not match the pattern '^[a-zäöü]{2,4}$'"]
      ),
      (
        #"{"question":"How many?","answer":1,"steps":[{},{"text":3}]}"#,
        ["/steps/1/text: expected string, got integer"]
      ),
      ("[]", ["expected object, got array"]),
      ("{", ["no JSON: expected a member name, at byte 1"]),
    ])
  func violation(document: String, expected: [String]) throws {
    #expect(try SchemaValidator(schema: Self.sample).validate(document) == expected)
  }

  @Test("A document that breaks a schema of 'false' has a violation")
  func alwaysInvalid() throws {
    #expect(try SchemaValidator(schema: "false").validate("1") == ["not allowed by the schema"])
    #expect(try SchemaValidator(schema: "true").validate("1").isEmpty)
  }

  @Test("Violations are few and short, whatever the document holds")
  func bounded() throws {
    let validator = try SchemaValidator(schema: #"{"additionalProperties": {"type": "string"}}"#)
    let members = (0..<200).map { ("\($0)" + String(repeating: "é\n", count: 300), JSON($0)) }
    let violations = validator.validate(.object(JSONObject(members)))
    #expect(violations.count == SchemaValidator.maximumViolations)
    #expect(violations.allSatisfy { $0.count <= 300 && !$0.contains("\n") })
  }

  @Test(
    "A pattern that backtracks without end elsewhere is judged at once",
    arguments: ["^(a+)+$", "(a|aa)*b", "^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y"])
  func backtracking(pattern: String) throws {
    let schema: JSON = ["pattern": .string(pattern)]
    let validator = try SchemaValidator(schema: schema)
    let text = String(repeating: "a", count: 5000) + "!"
    let seconds = processorSeconds { #expect(validator.validate(JSON.string(text)).count == 1) }
    #expect(seconds < 20)
  }

  @Test("A pattern finds its match anywhere, and anchors hold")
  func search() throws {
    func matches(_ pattern: String, _ text: String) throws -> Bool {
      try SchemaValidator(schema: ["pattern": .string(pattern)]).validate(.string(text)).isEmpty
    }
    #expect(try matches("b", "abc"))
    #expect(try matches("c$", "a\nbc"))
    #expect(try !matches("^b", "a\nbc"))
    #expect(try matches("^.{1,3}$", "€𝄞é"))
    #expect(try !matches("^.{1,3}$", "€𝄞éa"))
    #expect(try matches(#"^\d+(?= km)"#, "12 km"))
    #expect(try matches("a|b", "xxb"))
  }

  @Test("A long text without backtracking limits does not overflow the stack")
  func longText() throws {
    let validator = try SchemaValidator(schema: #"{"pattern": "^(a|b)*$"}"#)
    #expect(validator.validate(.string(String(repeating: "ab", count: 8000))).isEmpty)
    #expect(!validator.validate(.string(String(repeating: "ab", count: 80_000))).isEmpty)
    let date = try SchemaValidator(schema: #"{"type": "string", "format": "date"}"#)
    #expect(date.validate("\"2026-02-28\"").isEmpty)
    #expect(!date.validate("\"2026-02-31\"").isEmpty)
    #expect(!date.validate(.string(String(repeating: "1", count: 200_000))).isEmpty)
  }

  @Test("Keywords of one's own are annotations", arguments: ["note", "x-requred", "source"])
  func annotations(keyword: String) throws {
    let schema = JSON.object(JSONObject([(keyword, "anything")]))
    #expect(try SchemaValidator(schema: schema).validate("1").isEmpty)
  }

  @Test("Items that must differ are compared only in short arrays")
  func uniqueItems() throws {
    let validator = try SchemaValidator(schema: #"{"items": {"uniqueItems": true}}"#)
    #expect(validator.validate("[[1,2,3]]").isEmpty)
    #expect(validator.validate("[[1,2,1]]").count == 1)
    let long = JSON.array([.array((0..<2000).map { JSON($0) })])
    #expect(validator.validate(long) == ["an array has more than 1000 items"])
  }

  @Test("A schema with a very long array is refused at once", arguments: ["required", "enum"])
  func longArrays(keyword: String) throws {
    func schema(_ count: Int) -> JSON {
      .object(JSONObject([(keyword, .array((0..<count).map { .string("\($0)") }))]))
    }
    _ = try SchemaValidator(schema: schema(SchemaValidator.maximumSchemaArray))
    let error = #expect(throws: SchemaError.self) {
      try SchemaValidator(schema: schema(SchemaValidator.maximumSchemaArray + 1))
    }
    #expect(error?.code == .tooLarge)
  }

  @Test("A document that nests too deep or is too large has a violation")
  func limits() throws {
    let validator = try SchemaValidator(schema: "{}")
    let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)
    #expect(validator.validate(deep).count == 1)
    #expect(validator.validate(.string(String(repeating: "a", count: 300_000))).count == 1)
  }

  @Test("One validator serves many tasks at once, with the same findings")
  func concurrency() async throws {
    let validator = try SchemaValidator(schema: Self.sample)
    await withTaskGroup(of: Bool.self) { group in
      for task in 0..<8 {
        group.addTask {
          (0..<200).allSatisfy { round in
            let code = (task + round).isMultiple(of: 2) ? "ab" : "ABC"
            let document: JSON = ["question": "How many?", "answer": 1, "code": .string(code)]
            return validator.validate(document).isEmpty == (code == "ab")
          }
        }
      }
      for await isRight in group { #expect(isRight) }
    }
  }
}
