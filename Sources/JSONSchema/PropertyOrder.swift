package import CanonicalJSON

/// Puts the members of a value into the order in which a schema lists them.
///
/// The order is content: what reasons stands before what it leads to. Records sort their members, so
/// that a value that leaves the store needs its order back.
package struct PropertyOrder: Sendable {
  /// No schema needs more references to references.
  private static let longestChain = 64

  private let schema: JSON

  /// Takes a schema that ``SchemaValidator`` accepts.
  package init(schema: JSON) { self.schema = schema }

  /// The value with its members ordered on all levels; members that no schema names come last.
  package func apply(to value: JSON) -> JSON { ordered(value, by: schema) }

  /// Each step goes into the value, which is finite, and never only along the schema.
  private func ordered(_ value: JSON, by schema: JSON?) -> JSON {
    guard let schema = schema.map(resolved) else { return value }
    switch value {
    case .array(let items): return .array(items.map { ordered($0, by: schema["items"]) })
    case .object(let object):
      let properties = schema["properties"]?.object
      let named = properties?.names.filter { object[$0] != nil } ?? []
      let others = object.names.filter { properties?[$0] == nil }
      return .object(
        JSONObject(
          (named + others).compactMap { name in
            object[name].map { (name, ordered($0, by: properties?[name])) }
          }))
    default: return value
    }
  }

  /// What a schema refers to; the validator has made sure that references end.
  private func resolved(_ schema: JSON) -> JSON {
    var schema = schema
    for _ in 0..<Self.longestChain {
      guard let reference = schema["$ref"]?.string,
        let target = JSONPointer.find(String(reference.dropFirst()), in: self.schema)
      else { break }
      schema = target
    }
    return schema
  }
}
