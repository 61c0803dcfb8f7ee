package import CanonicalJSON

/// Puts what `$ref` names in its place, so that a part of a schema stands by itself.
package enum SchemaReferences {
  /// So many values are no schema of an answer.
  private static let maximumCount = 10_000
  private static let maximumDepth = 200

  /// A part of a schema without references.
  ///
  /// - Parameters:
  ///   - part: The part.
  ///   - schema: The whole, whose references end.
  /// - Returns: The part, or nil when it would have more than 10,000 values or 200 levels.
  package static func inlined(_ part: JSON, in schema: JSON) -> JSON? {
    var count = 0
    return inlined(part, schema, depth: 0, &count)
  }

  private static func inlined(
    _ part: JSON, _ schema: JSON, depth: Int, _ count: inout Int
  ) -> JSON? {
    count += 1
    guard count <= maximumCount, depth <= maximumDepth else { return nil }
    if let reference = part["$ref"]?.string {
      guard let target = JSONPointer.find(String(reference.dropFirst()), in: schema) else {
        return nil
      }
      return inlined(target, schema, depth: depth + 1, &count)
    }
    switch part {
    case .array(let values):
      var all: [JSON] = []
      for value in values {
        guard let value = inlined(value, schema, depth: depth + 1, &count) else { return nil }
        all.append(value)
      }
      return .array(all)
    case .object(let object):
      var members: [(String, JSON)] = []
      for member in object.members {
        guard let value = inlined(member.value, schema, depth: depth + 1, &count) else {
          return nil
        }
        members.append((member.name, value))
      }
      return .object(JSONObject(members))
    default: return part
    }
  }
}
