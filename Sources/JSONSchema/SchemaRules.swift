import CSchemaValidator
import CanonicalJSON

/// Refuses what draft-07 would ignore or the validator cannot do in bounded time.
///
/// A keyword of a later draft, or a misspelt one, would be ignored, and its author would think that
/// it holds. A recursive `$ref` would make the cost of validation exponential or endless.
struct SchemaRules {
  /// The most sub-schemas when every `$ref` is counted as often as it is used.
  static let maximumExpansion = 10_000

  private let root: JSON
  private var expansions: [String: Int] = [:]
  private var open: Set<String> = []
  private(set) var hasUniqueItems = false

  /// Checks a schema that is valid against the meta-schema.
  init(checking root: JSON) throws(SchemaError) {
    self.root = root
    try check(root, at: "")
    _ = try expansion(of: root, at: "")
  }

  private mutating func check(_ schema: JSON, at path: String) throws(SchemaError) {
    guard let object = schema.object else { return }
    for member in object.members {
      try checkKeyword(member.name, at: path)
      switch (member.name, member.value) {
      case ("pattern", .string(let pattern)): try check(pattern: pattern, at: path + "/pattern")
      case ("patternProperties", .object(let schemas)):
        for pattern in schemas.names {
          try check(pattern: pattern, at: path + "/patternProperties")
        }
      case ("uniqueItems", true): hasUniqueItems = true
      default: break
      }
    }
    for (child, childPath, _) in children(of: object, at: path) { try check(child, at: childPath) }
  }

  private func checkKeyword(_ name: String, at path: String) throws(SchemaError) {
    if let hint = Keywords.unsupported[name] {
      throw SchemaError(
        .unsupported, at: path, "keyword '\(Excerpt.of(name))' is not supported", hint: hint)
    }
    if name == "$id", !path.isEmpty {
      throw SchemaError(
        .unsupported, at: path, "'$id' is supported at the root of a schema only",
        hint: "refer to the place with a pointer, such as '#/definitions/name'")
    }
    guard !Keywords.known.contains(name), !name.hasPrefix("x-") else { return }
    if let near = Keywords.nearest(to: name) {
      throw SchemaError(
        .invalid, at: path, "unknown keyword '\(Excerpt.of(name))'", hint: "did you mean '\(near)'?"
      )
    }
  }

  private func check(pattern: String, at path: String) throws(SchemaError) {
    var pattern = pattern
    var error: UnsafeMutablePointer<CChar>?
    let status = pattern.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        schema_validator_check_pattern($0.baseAddress, $0.count, &error)
      }
    }
    guard status != 1 else { return }
    throw SchemaError(
      .unsupported, at: path,
      "cannot use the pattern '\(Excerpt.of(pattern))': \(Excerpt.taking(error))",
      hint: "patterns are ECMAScript without back-references and named groups, up to 1024 bytes")
  }

  /// The size of a schema when every reference is followed.
  private mutating func expansion(of schema: JSON, at path: String) throws(SchemaError) -> Int {
    if let known = expansions[path] { return known }
    guard let object = schema.object else { return 1 }
    guard open.insert(path).inserted else {
      throw SchemaError(
        .unsupported, at: path, "'$ref' leads back to itself",
        hint: "write the levels out; recursive schemas are not supported")
    }
    defer { open.remove(path) }
    var total = 1
    for (child, childPath, isApplied) in children(of: object, at: path) where isApplied {
      total += try expansion(of: child, at: childPath)
    }
    if let reference = object["$ref"]?.string {
      let (target, targetPath) = try resolve(reference, at: path)
      total += try expansion(of: target, at: targetPath)
    }
    guard total <= SchemaRules.maximumExpansion else {
      throw SchemaError(
        .tooLarge, at: path,
        "the schema has more than \(SchemaRules.maximumExpansion) parts when each '$ref' is followed"
      )
    }
    expansions[path] = total
    return total
  }

  private func resolve(
    _ reference: String, at path: String
  ) throws(SchemaError) -> (schema: JSON, path: String) {
    guard reference.hasPrefix("#") else {
      throw SchemaError(
        .unsupported, at: path + "/$ref", "'$ref' to another document: '\(Excerpt.of(reference))'",
        hint: "copy that schema under 'definitions' and refer to '#/definitions/name'")
    }
    let pointer = String(reference.dropFirst())
    guard !pointer.contains("%"), let target = JSONPointer.find(pointer, in: root),
      target.object != nil || target.bool != nil
    else {
      throw SchemaError(
        .invalid, at: path + "/$ref",
        "'$ref' to '\(Excerpt.of(reference))', which is no schema here",
        hint: "refer to a place in this schema, such as '#/definitions/name'")
    }
    return (target, pointer)
  }

  /// The sub-schemas of a schema, and whether validation applies them by themselves.
  private func children(
    of object: JSONObject, at path: String
  ) -> [(schema: JSON, path: String, isApplied: Bool)] {
    var children: [(schema: JSON, path: String, isApplied: Bool)] = []
    for member in object.members {
      let place = path + "/" + JSONPointer.escaped(member.name)
      let kind = Keywords.kinds[member.name]
      switch (kind, member.value) {
      case (.schema, .array(let schemas)), (.list, .array(let schemas)):
        for (index, schema) in schemas.enumerated() {
          children.append((schema, "\(place)/\(index)", true))
        }
      case (.schema, _): children.append((member.value, place, true))
      case (.map, .object(let schemas)), (.store, .object(let schemas)):
        for inner in schemas.members where inner.value.array == nil {
          children.append(
            (inner.value, "\(place)/\(JSONPointer.escaped(inner.name))", kind == .map))
        }
      default: break
      }
    }
    return children
  }
}
