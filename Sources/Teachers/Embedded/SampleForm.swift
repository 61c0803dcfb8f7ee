import CanonicalJSON

/// The properties of an answer, in the order of its schema, as far as they can be filled in.
struct SampleForm: Sendable {
  enum Kind: Sendable, Hashable {
    case text, number
    case choice([String])
    /// Another type, by its name.
    case other(String)
  }

  struct Property: Sendable {
    let name: String
    let kind: Kind
    let isRequired: Bool
  }

  let properties: [Property]

  /// Reads the schema of an object.
  init(schema: String) throws(TeacherError) {
    guard let schema = try? JSON(parsing: schema), let members = schema["properties"]?.object else {
      throw TeacherError(
        .unusable, "cannot fill the sample's schema: it has no readable properties")
    }
    let required = Set((schema["required"]?.array ?? []).compactMap(\.string))
    properties = members.members.map { member in
      Property(
        name: member.name, kind: SampleForm.kind(of: member.value),
        isRequired: required.contains(member.name))
    }
  }

  /// The object with every property that can be filled in.
  ///
  /// The answer is a property's name with its number. A property with a list of choices gets the
  /// one at a place, counted around; every other text is asked for by the property's name.
  func filled(
    answer: (name: String, value: Int)?, choice: Int = 0, text: (String) -> String
  ) throws(TeacherError) -> JSON {
    if let answer, !properties.contains(where: { $0.name == answer.name }) {
      throw TeacherError(
        .unusable, "cannot fill property '\(answer.name)': the sample's schema does not have it")
    }
    var members: [(String, JSON)] = []
    for property in properties {
      switch property.kind {
      case .number where property.name == answer?.name:
        members.append((property.name, JSON(answer?.value ?? 0)))
      case .text where property.name == answer?.name:
        members.append((property.name, .string(String(answer?.value ?? 0))))
      case .text: members.append((property.name, .string(text(property.name))))
      case .choice(let values) where property.name != answer?.name && !values.isEmpty:
        members.append((property.name, .string(values[choice % values.count])))
      default:
        guard property.isRequired || property.name == answer?.name else { continue }
        throw SampleForm.failure(property)
      }
    }
    return .object(JSONObject(members))
  }

  private static func failure(_ property: Property) -> TeacherError {
    let type =
      switch property.kind {
      case .text: "string"
      case .number: "number"
      case .choice: "enum"
      case .other(let name): name
      }
    return TeacherError(
      .unusable, "cannot fill property '\(property.name)' of type '\(type)'",
      hint: "the embedded teacher fills texts, and one answer that is a number or a text")
  }

  private static func kind(of schema: JSON) -> Kind {
    var types: [String] = []
    if let type = schema["type"]?.string { types = [type] }
    if let list = schema["type"]?.array { types = list.compactMap(\.string) }
    if let values = schema["enum"]?.array { return .choice(values.compactMap(\.string)) }
    if types.contains("integer") || types.contains("number") { return .number }
    if types.contains("string") { return .text }
    return .other(String((types.first ?? "unknown").prefix(40)))
  }
}
