package import CanonicalJSON
package import Dataset
import JSONSchema

/// The recipe's sample schema with what the critics may see of a sample.
package struct SampleForm: Sendable {
  package let shape: SampleShape
  /// The schema of the answer property, without references.
  let answerSchema: JSON
  private let validator: SchemaValidator
  /// The schema with nothing required, for an answer alone.
  private let partValidator: SchemaValidator

  package init(_ shape: SampleShape) throws(SimulaError) {
    self.shape = shape
    do {
      validator = try SchemaValidator(schema: shape.schema)
      var part = validator.schema.object ?? JSONObject()
      for name in ["required", "minProperties", "if", "dependencies"] { part[name] = nil }
      partValidator = try SchemaValidator(schema: .object(part))
    } catch {
      throw SimulaError(.sources, "the sample's schema is not usable: \(error.message)")
    }
    let schema = validator.schema
    let property = shape.answer.flatMap { schema["properties"]?[$0] } ?? ["type": "string"]
    guard let answerSchema = SchemaReferences.inlined(property, in: schema) else {
      throw SimulaError(
        .sources, "the schema of the sample's answer is too large",
        hint: "make the property '\(shape.answer ?? "")' of the schema in recipe.yaml simpler")
    }
    self.answerSchema = answerSchema
  }

  /// Takes a value of the schema.
  func checked(_ value: JSON) throws(UnusableAnswer) -> JSON {
    let violations = validator.validate(value)
    guard let first = violations.first else { return value }
    throw UnusableAnswer(.wrongShape, "it breaks the schema: \(first)")
  }

  /// What is wrong with an answer by itself, or nil when the schema takes it.
  package func problem(answer: JSON) -> String? {
    guard let name = shape.answer else { return nil }
    return partValidator.validate(.object(JSONObject([(name, answer)]))).first
  }

  /// A recorded value as its model wrote it: records sort their members, while a sample has them in
  /// the order of the schema.
  func ordered(_ value: JSON) -> JSON {
    PropertyOrder(schema: validator.schema).apply(to: value)
  }

  /// What critics see: everything but the hidden properties, in the order of the sample.
  func visible(_ value: JSON) -> String {
    guard var object = value.object else { return value.text }
    for name in shape.hiddenFromCritics { object[name] = nil }
    return JSON.object(object).text
  }

  /// The question as solvers see it: text as it is, anything else as JSON.
  package func question(_ value: JSON) -> String {
    let fields = shape.question.compactMap { name in value[name].map { (name, $0) } }
    if fields.count == 1, let text = fields[0].1.string { return text }
    return fields.map { "\($0.0): \($0.1.string ?? $0.1.text)" }.joined(separator: "\n")
  }

  package func answer(_ value: JSON) -> JSON? { shape.answer.flatMap { value[$0] } }

  /// Whether two answers are the same: numbers by value, text without case and outer space.
  ///
  /// Text counts as a number only in plain decimal form that a double holds exactly.
  package static func same(_ left: JSON, _ right: JSON) -> Bool {
    normalized(left) == normalized(right)
  }

  static func normalized(_ answer: JSON) -> String {
    if let number = answer.double { return JSON.number(number).text }
    let text = (answer.string ?? answer.text).lowercased().singleSpaced
    var digits = text
    // Commas count as separators of thousands, and only where all of them stand there.
    if text.wholeMatch(of: /[+-]?\d{1,3}(,\d{3})+(\.\d+)?/) != nil {
      digits.removeAll { $0 == "," }
    }
    guard digits.wholeMatch(of: /[+-]?\d{1,15}(\.\d{1,15})?/) != nil, let number = Double(digits)
    else { return text }
    return JSON.number(number).text
  }
}
