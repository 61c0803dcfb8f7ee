/// The keywords of JSON Schema draft-07.
enum Keywords {
  enum Kind {
    /// Holds one schema, or for `items` also an array of them.
    case schema
    /// Holds an array of schemas.
    case list
    /// Holds an object of schemas that are applied.
    case map
    /// Holds an object of schemas that only `$ref` applies.
    case store
  }

  static let kinds: [String: Kind] = [
    "additionalItems": .schema, "additionalProperties": .schema, "allOf": .list, "anyOf": .list,
    "contains": .schema, "definitions": .store, "$defs": .store, "dependencies": .map,
    "else": .schema, "if": .schema, "items": .schema, "not": .schema, "oneOf": .list,
    "patternProperties": .map, "properties": .map, "propertyNames": .schema, "then": .schema,
  ]

  static let known = Set(kinds.keys).union([
    "$comment", "$id", "$ref", "$schema", "const", "contentEncoding", "contentMediaType", "default",
    "deprecated", "description", "enum", "example", "examples", "exclusiveMaximum",
    "exclusiveMinimum", "format", "maxItems", "maxLength", "maxProperties", "maximum", "minItems",
    "minLength", "minProperties", "minimum", "multipleOf", "pattern", "readOnly", "required",
    "title", "type", "uniqueItems", "writeOnly",
  ])

  /// Keywords of other drafts that this one would ignore, with what to write instead.
  static let unsupported: [String: String] = [
    "$anchor": "refer to the place with a pointer, such as '#/definitions/name'",
    "$dynamicAnchor": "refer to the place with a pointer, such as '#/definitions/name'",
    "$dynamicRef": "write '$ref' with a pointer, such as '#/definitions/name'",
    "$recursiveAnchor": "recursive schemas are not supported",
    "$recursiveRef": "recursive schemas are not supported",
    "dependentRequired": "write 'dependencies' as in draft-07",
    "dependentSchemas": "write 'dependencies' as in draft-07",
    "maxContains": "draft-07 has 'contains' without bounds",
    "minContains": "draft-07 has 'contains' without bounds",
    "nullable": "write the type as a list, such as [string, 'null']",
    "prefixItems": "write 'items' with an array of schemas as in draft-07",
    "unevaluatedItems": "write 'additionalItems: false' as in draft-07",
    "unevaluatedProperties": "write 'additionalProperties: false' as in draft-07",
  ]

  static let types = ["array", "boolean", "integer", "null", "number", "object", "string"]

  /// The keyword of four letters or more that a name differs from by case or one letter at most.
  static func nearest(to name: String) -> String? {
    guard name.utf8.count >= 4, name.utf8.count <= 40 else { return nil }
    return known.sorted().first { known in
      guard known.utf8.count >= 4 else { return false }
      return known.lowercased() == name.lowercased() || EditDistance.isAtMostOne(known, name)
    }
  }
}

enum EditDistance {
  /// Whether one letter replaced, added, left out or two neighbours swapped make the words equal.
  static func isAtMostOne(_ left: String, _ right: String) -> Bool {
    let (short, long) = left.utf8.count <= right.utf8.count ? (left, right) : (right, left)
    var first = Array(short.utf8)[...]
    var second = Array(long.utf8)[...]
    while let a = first.first, let b = second.first, a == b {
      first.removeFirst()
      second.removeFirst()
    }
    while let a = first.last, let b = second.last, a == b {
      first.removeLast()
      second.removeLast()
    }
    return second.count <= 1
      || (first.count == 2 && second.count == 2 && first.elementsEqual(second.reversed()))
  }
}
