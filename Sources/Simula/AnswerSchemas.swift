import CanonicalJSON

/// The forms in which models answer; reasoning always stands before what it leads to.
enum AnswerSchemas {
  static let text: JSON = ["type": "string"]

  static func object(_ members: [(String, JSON)]) -> JSON {
    [
      "type": "object", "properties": .object(JSONObject(members)),
      "required": .array(members.map { .string($0.0) }), "additionalProperties": false,
    ]
  }

  static func texts(atMost count: Int) -> JSON {
    ["type": "array", "items": text, "maxItems": JSON(count)]
  }

  static func choice(_ values: [String]) -> JSON {
    ["type": "string", "enum": .array(values.map { .string($0) })]
  }

  static func factors(atMost count: Int) -> String {
    object([("factors", texts(atMost: count))]).text
  }

  static func children(atMost count: Int) -> String {
    object([("children", texts(atMost: count))]).text
  }

  /// One fixed member a candidate: a model cannot invent identities that way.
  static func factorReview(keys: [String]) -> String {
    let decision = object([("reason", text), ("action", choice(["keep", "remove"]))])
    return object(keys.map { ($0, decision) }).text
  }

  static func childReview(keys: [String]) -> String {
    let decision = object([
      ("reason", text), ("action", choice(["keep", "remove", "merge", "rename"])),
      ("target", text),
    ])
    return object(keys.map { ($0, decision) } + [("missing", texts(atMost: 4))]).text
  }

  static let plan = object([("plan", text)]).text

  static func strategies(paths: [String], atMost count: Int) -> String {
    let path = choice(paths)
    let strategy = object([
      ("name", text), ("weight", ["type": "integer", "minimum": 1, "maximum": 10]),
      ("combine", ["type": "array", "items": path, "minItems": 1]),
      (
        "never",
        [
          "type": "array", "items": object([("first", path), ("second", path)]), "maxItems": 4,
        ]
      ),
    ])
    let list: JSON = ["type": "array", "items": strategy, "minItems": 1, "maxItems": JSON(count)]
    return object([("strategies", list)]).text
  }

  /// Those of usual counts are made once, for each slot asks with one.
  private static let scenarioTexts = (0...32).map { makeScenarios(count: $0) }

  static func scenarios(count: Int) -> String {
    scenarioTexts.indices.contains(count) ? scenarioTexts[count] : makeScenarios(count: count)
  }

  private static func makeScenarios(count: Int) -> String {
    object([("scenarios", ["type": "array", "items": text, "maxItems": JSON(count)])]).text
  }

  static let scenario = object([("scenario", text)]).text

  static let requirementVerdict = object([
    ("explanation", text), ("verdict", choice(["accept", "reject"])),
  ]).text

  static let correctnessVerdict = object([
    ("reasoning", text), ("verdict", choice(["yes", "no"])),
  ]).text

  static func solution(answer: JSON) -> String {
    object([("reasoning", text), ("answer", answer)]).text
  }
}
