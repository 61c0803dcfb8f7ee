import CSchemaValidator
package import CanonicalJSON

/// A JSON Schema of draft-07 that any number of tasks validate against at once.
package final class SchemaValidator: Sendable {
  /// The most bytes of a schema and of a document.
  package static let maximumSize = 256 << 10
  /// The deepest nesting of a schema and of a document.
  package static let maximumDepth = 64
  /// The longest array of a document where the schema has `uniqueItems`, which takes O(n^2).
  package static let maximumUniqueItems = 1000
  /// The longest array of a schema: its items are compared with each other, or with each of many
  /// values of a document.
  package static let maximumSchemaArray = 2000
  /// How many violations of one document are told.
  package static let maximumViolations = 8

  /// The schema as given.
  package let schema: JSON
  private let handle: SchemaHandle
  private let plain: PlainSchema?
  private let hasUniqueItems: Bool

  /// Compiles a schema after a check against the meta-schema of draft-07.
  ///
  /// - Throws: ``SchemaError`` with the place and the reason. Refused are what is no schema,
  ///   keywords of later drafts, references to other documents, recursive references, patterns
  ///   with back-references, and schemas beyond ``maximumSize`` and ``maximumDepth``.
  package convenience init(schema text: String) throws(SchemaError) {
    guard text.utf8.count <= SchemaValidator.maximumSize else { throw SchemaValidator.oversized }
    let schema: JSON
    do throws(JSONError) {
      schema = try JSON(parsing: text)
    } catch {
      throw SchemaError(.syntax, "\(error.message), at byte \(error.offset)")
    }
    try self.init(schema: schema)
  }

  /// Compiles a schema after a check against the meta-schema of draft-07.
  package init(schema: JSON) throws(SchemaError) {
    guard schema.isNested(atMost: SchemaValidator.maximumDepth) else {
      throw SchemaError(
        .tooLarge, "the schema is nested deeper than \(SchemaValidator.maximumDepth)")
    }
    let text = schema.text
    guard text.utf8.count <= SchemaValidator.maximumSize else { throw SchemaValidator.oversized }
    guard schema.hasArrays(ofAtMost: SchemaValidator.maximumSchemaArray) else {
      throw SchemaError(
        .tooLarge,
        "an array of the schema has more than \(SchemaValidator.maximumSchemaArray) items")
    }
    guard !text.contains("\\u0000") else {
      throw SchemaError(.unsupported, "the schema holds a NUL character")
    }
    try SchemaValidator.checkForm(of: schema)
    hasUniqueItems = try SchemaRules(checking: schema).hasUniqueItems
    handle = try SchemaHandle(compiling: schema.withoutIdentifier.text)
    plain = PlainSchema(schema.withoutIdentifier)
    self.schema = schema
  }

  private static var oversized: SchemaError {
    SchemaError(.tooLarge, "the schema has more than \(maximumSize >> 10) KiB")
  }

  /// What is wrong with a document, or nothing when it is valid.
  ///
  /// Each text starts with a JSON pointer, such as `/answer: expected integer, got string`, and
  /// has at most 300 characters; there are at most ``maximumViolations``.
  package func validate(_ document: JSON) -> [String] {
    guard document.isNested(atMost: SchemaValidator.maximumDepth) else {
      return ["the document is nested deeper than \(SchemaValidator.maximumDepth)"]
    }
    if let plain, plain.accepts(document, sizeInBytes: SchemaValidator.maximumSize) { return [] }
    let text = document.text
    guard text.utf8.count <= SchemaValidator.maximumSize else {
      return ["the document has more than \(SchemaValidator.maximumSize >> 10) KiB"]
    }
    guard !hasUniqueItems || document.hasArrays(ofAtMost: SchemaValidator.maximumUniqueItems) else {
      return ["an array has more than \(SchemaValidator.maximumUniqueItems) items"]
    }
    return ViolationText(schema: schema, document: document).texts(of: handle.violations(in: text))
  }

  /// What is wrong with the text of a document; text that is no JSON is one violation.
  package func validate(_ text: String) -> [String] {
    do throws(JSONError) {
      return validate(try JSON(parsing: text))
    } catch {
      return ["no JSON: \(error.message), at byte \(error.offset)"]
    }
  }

  private static func checkForm(of schema: JSON) throws(SchemaError) {
    let violations = MetaSchema.shared.handle.violations(in: schema.text)
    let texts = ViolationText(schema: MetaSchema.shared.schema, document: schema)
    guard let first = texts.mostTelling(of: violations) else { return }
    let value = JSONPointer.find(first.pointer, in: schema)
    var hint: String?
    if first.pointer.hasSuffix("/type"), value?.string != nil {
      hint = "types are \(Keywords.types.joined(separator: ", "))"
    }
    let given = value.map { " (it is \(Excerpt.of($0.text, longest: 60)))" } ?? ""
    throw SchemaError(.invalid, at: first.pointer, first.text + given, hint: hint)
  }
}

extension JSON {
  /// Whether arrays and objects nest to a depth at most.
  fileprivate func isNested(atMost depth: Int) -> Bool {
    switch self {
    case .array(let values): depth > 0 && values.allSatisfy { $0.isNested(atMost: depth - 1) }
    case .object(let object):
      depth > 0 && object.members.allSatisfy { $0.value.isNested(atMost: depth - 1) }
    default: true
    }
  }

  fileprivate func hasArrays(ofAtMost count: Int) -> Bool {
    switch self {
    case .array(let values):
      values.count <= count && values.allSatisfy { $0.hasArrays(ofAtMost: count) }
    case .object(let object): object.members.allSatisfy { $0.value.hasArrays(ofAtMost: count) }
    default: true
    }
  }

  /// The schema without its own name, which would only change what its references are relative to.
  fileprivate var withoutIdentifier: JSON {
    guard case .object(var object) = self else { return self }
    object["$id"] = nil
    object["$schema"] = nil
    return .object(object)
  }
}
