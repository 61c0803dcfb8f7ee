import CanonicalJSON

/// Puts the validator's findings into short sentences that a person or a model can act on.
struct ViolationText {
  let schema: JSON
  let document: JSON

  /// The texts of the first findings, each with its place.
  func texts(of violations: [Violation]) -> [String] {
    var texts: [String] = []
    for violation in innermost(of: violations) {
      guard texts.count < SchemaValidator.maximumViolations else { break }
      let place = Excerpt.of(violation.pointer, longest: 120)
      let text = (place.isEmpty ? "" : place + ": ") + sentence(for: violation)
      let short = Excerpt.of(text, longest: 299)
      if !texts.contains(short) { texts.append(short) }
    }
    return texts
  }

  /// The finding that lies deepest, as the one nearest to the cause.
  func mostTelling(of violations: [Violation]) -> (pointer: String, text: String)? {
    let found = innermost(of: violations)
    let deepest = found.max { depth($0) < depth($1) }
    return deepest.map { ($0.pointer, sentence(for: $0)) }
  }

  private func depth(_ violation: Violation) -> Int {
    JSONPointer.steps(of: violation.pointer)?.count ?? 0
  }

  /// Leaves out the findings that only say that a part failed, unless there is nothing else.
  private func innermost(of violations: [Violation]) -> [Violation] {
    let causes = violations.filter {
      !$0.text.hasPrefix("Failed to validate") && !$0.text.hasPrefix("Cannot validate item")
    }
    return causes.isEmpty ? violations : causes
  }

  private func sentence(for violation: Violation) -> String {
    let text = violation.text
    let rule = rule(for: violation.pointer)
    if text.hasPrefix("Value type not permitted") {
      let actual = JSONPointer.find(violation.pointer, in: document)?.typeName
      let given = actual.map { ", got \($0)" } ?? ""
      guard let expected = rule?["type"] else { return "not of an allowed type\(given)" }
      let names = expected.string.map { [$0] } ?? (expected.array ?? []).compactMap(\.string)
      return "expected \(names.joined(separator: " or "))\(given)"
    }
    if text.hasPrefix("Failed to match against any enum values") {
      guard let values = rule?["enum"] else { return "not one of the allowed values" }
      return "not one of \(Excerpt.of(values.text, longest: 120))"
    }
    if text.hasPrefix("Failed to match expected value"), let value = rule?["const"] {
      return "expected \(Excerpt.of(value.text, longest: 120))"
    }
    if text.hasPrefix("Failed to match regex") {
      let pattern = rule?["pattern"]?.string.map { " '\(Excerpt.of($0, longest: 120))'" } ?? ""
      return "does not match the pattern\(pattern)"
    }
    if text.hasPrefix("Missing required property '") {
      return "missing property " + quoted(in: text)
    }
    if text.hasPrefix("Object contains a property that could not be validated") {
      return "unknown property " + quoted(in: String(text.drop { $0 != ":" }))
    }
    return plain(text)
  }

  /// The part between the first and the last quote, quotes included.
  private func quoted(in text: String) -> String {
    guard let first = text.firstIndex(of: "'"), let last = text.lastIndex(of: "'") else {
      return plain(text)
    }
    return Excerpt.of(String(text[first...last]), longest: 120)
  }

  private func plain(_ text: String) -> String {
    var text = text
    if text.hasSuffix(".") { text.removeLast() }
    return text.prefix(1).lowercased() + text.dropFirst()
  }

  /// The schema that holds for a place, where properties and items alone lead to it.
  private func rule(for pointer: String) -> JSON? {
    guard let steps = JSONPointer.steps(of: pointer) else { return nil }
    var rule = followed(schema)
    for step in steps {
      guard let object = rule else { return nil }
      if let property = object["properties"]?[step] {
        rule = followed(property)
      } else if let items = object["items"], items.object != nil, Int(step) != nil {
        rule = followed(items)
      } else if let items = object["items"]?.array, let index = Int(step),
        items.indices.contains(index)
      {
        rule = followed(items[index])
      } else if let others = object["additionalProperties"], others.object != nil {
        rule = followed(others)
      } else {
        return nil
      }
    }
    return rule
  }

  private func followed(_ rule: JSON) -> JSON? {
    var rule = rule
    for _ in 0..<SchemaValidator.maximumDepth {
      guard let reference = rule["$ref"]?.string else { return rule }
      guard reference.hasPrefix("#"),
        let target = JSONPointer.find(String(reference.dropFirst()), in: schema)
      else { return nil }
      rule = target
    }
    return nil
  }
}

extension JSON {
  fileprivate var typeName: String {
    switch self {
    case .null: "null"
    case .bool: "boolean"
    case .number: int == nil ? "number" : "integer"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}
