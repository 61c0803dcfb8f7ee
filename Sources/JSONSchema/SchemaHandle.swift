import CSchemaValidator

/// One thing wrong with a document, in the words of the validator.
struct Violation: Sendable, Hashable {
  let pointer: String
  let text: String
}

/// A compiled schema with one owner; the C++ object is only read once it is made.
struct SchemaHandle: ~Copyable, @unchecked Sendable {
  /// The most violations that are taken over; a document of nothing but errors has very many.
  private static let maximumViolations = 200

  private let pointer: OpaquePointer

  init(compiling schema: String) throws(SchemaError) {
    var schema = schema
    var error: UnsafeMutablePointer<CChar>?
    let pointer = schema.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) {
        schema_validator_create($0.baseAddress, $0.count, &error)
      }
    }
    guard let pointer else {
      throw SchemaError(.invalid, "cannot compile the schema: \(Excerpt.taking(error))")
    }
    self.pointer = pointer
  }

  deinit { schema_validator_destroy(pointer) }

  /// What is wrong with a document that is JSON.
  func violations(in document: String) -> [Violation] {
    var document = document
    var violations: [Violation] = []
    var error: UnsafeMutablePointer<CChar>?
    let status = withUnsafeMutablePointer(to: &violations) { violations in
      document.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          schema_validator_validate(
            pointer, $0.baseAddress, $0.count, SchemaHandle.append, violations, &error)
        }
      }
    }
    switch status {
    case 1: return []
    case 0 where !violations.isEmpty: return violations
    case 0: return [Violation(pointer: "", text: "not allowed by the schema")]
    default:
      return [Violation(pointer: "", text: "cannot be validated: \(Excerpt.taking(error))")]
    }
  }

  private static let append: schema_violation_handler = { context, pointer, length, text, count in
    guard let violations = context?.assumingMemoryBound(to: [Violation].self),
      violations.pointee.count < SchemaHandle.maximumViolations
    else { return }
    let place = UnsafeRawBufferPointer(start: pointer, count: length)
    let reason = UnsafeRawBufferPointer(start: text, count: count)
    violations.pointee.append(
      Violation(
        pointer: String(decoding: place, as: UTF8.self),
        text: String(decoding: reason, as: UTF8.self)))
  }
}

/// Text from outside as it may stand in a message: short and on one line.
enum Excerpt {
  static func of(_ text: String, longest: Int = 80) -> String {
    var excerpt = ""
    var count = 0
    for scalar in text.unicodeScalars {
      guard count < longest else { return excerpt + "…" }
      excerpt.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
      count += 1
    }
    return excerpt
  }

  /// The first sentence of an error from C++, whose text is freed.
  static func taking(_ error: UnsafeMutablePointer<CChar>?) -> String {
    guard let error else { return "no memory" }
    defer { schema_validator_free_text(error) }
    let text = of(String(cString: error), longest: 200)
    let sentence = text.split(separator: ". ").first.map(String.init) ?? text
    return sentence.hasSuffix(".") ? String(sentence.dropLast()) : sentence
  }
}
