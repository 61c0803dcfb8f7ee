package import CanonicalJSON

/// What two recipes say otherwise, key by key.
package struct RecipeDiff: Sendable, Hashable {
  package struct Key: Sendable, Hashable {
    /// Such as `teachers.default.model`; the parts of a list are not told apart.
    package let path: String
    /// Nil where the recipe does not have the key.
    package let old: JSON?
    package let new: JSON?
  }

  /// In the order of the newer recipe, then those that are gone.
  package let keys: [Key]

  /// Compares the texts of two recipes; one that is no YAML is as one without keys.
  package init(from old: [UInt8]?, to new: [UInt8]?) {
    let before = Self.values(old)
    let after = Self.values(new)
    let old = Dictionary(
      before.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
    let new = Dictionary(after.map { ($0.path, $0.value) }, uniquingKeysWith: { first, _ in first })
    keys =
      after.compactMap { path, value in
        Self.same(old[path], value) ? nil : Key(path: path, old: old[path], new: value)
      } + before.filter { new[$0.path] == nil }.map { Key(path: $0.path, old: $0.value, new: nil) }
  }

  /// Whether two values are the same to a model: the order of properties is content in a schema.
  private static func same(_ left: JSON?, _ right: JSON?) -> Bool { left?.text == right?.text }

  /// The values that are no mappings, with their keys from the top down.
  private static func values(_ bytes: [UInt8]?) -> [(path: String, value: JSON)] {
    guard let bytes, let text = String(validating: bytes, as: UTF8.self),
      let root = try? Recipe.json(ofYAML: text)
    else { return [] }
    var found: [(path: String, value: JSON)] = []
    func collect(_ value: JSON, _ path: [String]) {
      // A schema is one value: its keys are the user's own.
      if let object = value.object, !object.isEmpty, path != ["sample", "schema"] {
        for member in object.members { collect(member.value, path + [member.name]) }
      } else {
        found.append((path.joined(separator: "."), value))
      }
    }
    collect(root, [])
    return found
  }
}
