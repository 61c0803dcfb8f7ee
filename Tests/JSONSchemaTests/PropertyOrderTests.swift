import CanonicalJSON
import JSONSchema
import Testing

@Suite("The order of members")
struct PropertyOrderTests {
  private static let schema = """
    {"type": "object", "properties": {
      "question": {"type": "string"},
      "steps": {"type": "array", "items": {"$ref": "#/definitions/step"}},
      "answer": {"type": "object", "properties": {"why": {}, "is": {}}}},
     "definitions": {"step": {"$ref": "#/definitions/inner"},
       "inner": {"properties": {"thought": {}, "result": {}}}}}
    """

  @Test("members stand as the schema lists them on all levels, others come last")
  func levels() throws {
    let order = PropertyOrder(schema: try JSON(parsing: Self.schema))
    let sorted = try JSON(
      parsing: """
        {"answer":{"is":1,"why":"w","zoo":2},"extra":{"b":1,"a":2},"question":"q",\
        "steps":[{"result":1,"thought":"t"},3]}
        """)
    #expect(
      order.apply(to: sorted).text == """
        {"question":"q","steps":[{"thought":"t","result":1},3],\
        "answer":{"why":"w","is":1,"zoo":2},"extra":{"b":1,"a":2}}
        """)
    #expect(order.apply(to: sorted) == sorted)
    for odd: JSON in [.null, "text", 3, [1, "a"], ["steps": 4]] {
      #expect(order.apply(to: odd).text == odd.text)
    }
  }

  @Test("a schema that refers to itself ends with the value")
  func recursion() throws {
    let schema = """
      {"properties": {"text": {}, "next": {"$ref": "#"}, "loop": {"$ref": "#/properties/loop"}}}
      """
    let order = PropertyOrder(schema: try JSON(parsing: schema))
    let value = try JSON(parsing: #"{"loop":{"b":1,"a":2},"next":{"next":{"text":1},"text":2}}"#)
    #expect(
      order.apply(to: value).text
        == #"{"next":{"text":2,"next":{"text":1}},"loop":{"b":1,"a":2}}"#)
  }
}
