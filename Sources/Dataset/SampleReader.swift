import CanonicalJSON
import JSONSchema

/// Reads the mapping `sample` of a recipe.
struct SampleReader {
  struct Shape {
    let sample: SampleShape
    let validator: SchemaValidator
  }

  private let fields: FieldReader
  private let files: ReferenceReader
  private let log: ProblemLog

  /// Takes the fields of the recipe; gives nil when there is no `sample`, which is noted.
  init?(fields recipe: FieldReader, files: ReferenceReader, log: ProblemLog) {
    guard let member = recipe.member("sample") else {
      recipe.missing("sample", hint: "give the form of a sample: a JSON Schema under 'schema'")
      return nil
    }
    guard
      let fields = FieldReader(
        member.value, section: "sample", at: member.place, keys: RecipeKeys.sample, log: log)
    else { return nil }
    self.fields = fields
    self.files = files
    self.log = log
  }

  func shape() -> Shape? {
    guard let member = fields.member("schema") else {
      fields.missing("schema", hint: "write a JSON Schema here, or the path of one")
      return nil
    }
    guard let schema = schema(of: member), let validator = validator(for: schema, at: member),
      let properties = properties(of: schema, at: member)
    else { return nil }
    let answer = answer(in: properties, schema: schema)
    let hidden = names("hidden-from-critics", in: properties)
    let question =
      fields.has("question")
      ? names("question", in: properties)
      : properties.names.filter { $0 != answer && !hidden.contains($0) }
    checkRoles(answer: answer, question: question, hidden: hidden)
    var sample = SampleShape(
      schema: schema.text, answer: answer, question: question, hiddenFromCritics: hidden)
    let property = answer.flatMap { properties[$0] }
    sample.answerIsComparable = property.map { isComparable($0, in: schema) } ?? false
    return Shape(sample: sample, validator: validator)
  }

  /// The schema as written here or in the file that is named here.
  private func schema(of member: YAMLMember) -> JSON? {
    guard let path = member.value.text else {
      do throws(TextProblem) {
        return try member.value.json()
      } catch {
        log.add(error)
        return nil
      }
    }
    guard let text = files.text(at: path, from: member.place) else { return nil }
    do throws(JSONError) {
      return try JSON(parsing: text)
    } catch {
      log.add(
        member.place, "\(Quote.of(path)) is no JSON: \(error.message), at byte \(error.offset)")
      return nil
    }
  }

  private func validator(for schema: JSON, at member: YAMLMember) -> SchemaValidator? {
    do throws(SchemaError) {
      return try SchemaValidator(schema: schema)
    } catch {
      let steps = JSONPointer.steps(of: error.path) ?? []
      let place = steps.isEmpty ? member.place : member.value.place(of: steps)
      let spot = error.path.isEmpty ? "" : " at \(Quote.of(error.path, longest: 120))"
      log.add(place, "the schema of the sample is wrong\(spot): \(error.message)", hint: error.hint)
      return nil
    }
  }

  private func properties(of schema: JSON, at member: YAMLMember) -> JSONObject? {
    guard schema["type"]?.string == "object", let properties = schema["properties"]?.object,
      !properties.isEmpty
    else {
      log.add(
        member.place, "the schema of the sample must be of type object and list its properties",
        hint: "write type: object and properties: {question: {type: string}}")
      return nil
    }
    return properties
  }

  private func answer(in properties: JSONObject, schema: JSON) -> String? {
    guard let answer = fields.text("answer"), fields.has("answer") else { return nil }
    guard exists(answer, in: properties, key: "answer", at: fields.place(of: "answer")) else {
      return nil
    }
    let required = schema["required"]?.array?.compactMap(\.string) ?? []
    if !required.contains(answer) {
      log.add(
        fields.place(of: "answer"), "the answer \(Quote.of(answer)) may be missing from a sample",
        hint: "add it to 'required' in the schema")
    }
    return answer
  }

  private func names(_ key: String, in properties: JSONObject) -> [String] {
    var names: [String] = []
    for name in fields.list(key) ?? []
    where exists(name.text, in: properties, key: key, at: name.place) {
      if names.contains(name.text) {
        log.add(name.place, "\(fields.name(of: key)) names \(Quote.of(name.text)) twice")
      } else {
        names.append(name.text)
      }
    }
    return names
  }

  private func exists(
    _ name: String, in properties: JSONObject, key: String, at place: TextPlace
  ) -> Bool {
    if properties[name] != nil { return true }
    let near = NearestName.to(name, among: properties.names)
    let all = properties.names.prefix(20).map { Quote.plain($0, longest: 40) }
    log.add(
      place, "\(fields.name(of: key)) names \(Quote.of(name)), which is no property of the schema",
      hint: near.map { "did you mean '\($0)'?" }
        ?? "its properties are \(Shown.list(all, last: "and"))")
    return false
  }

  private func checkRoles(answer: String?, question: [String], hidden: [String]) {
    if question.isEmpty {
      log.add(
        fields.place(of: "question"), "no property makes up the question",
        hint: "name at least one in 'question' under 'sample'")
    }
    guard let answer else { return }
    if hidden.contains(answer) {
      log.add(
        fields.place(of: "hidden-from-critics"),
        "the answer \(Quote.of(answer)) is hidden from the critics who judge it",
        hint: "remove it from 'hidden-from-critics'")
    }
    if question.contains(answer) {
      log.add(
        fields.place(of: "question"), "the answer \(Quote.of(answer)) is part of the question",
        hint: "remove it from 'question'")
    }
    for name in question where hidden.contains(name) {
      log.add(
        fields.place(of: "hidden-from-critics"),
        "the question \(Quote.of(name)) is hidden from the critics",
        hint: "remove it from 'hidden-from-critics'")
    }
  }

  private func isComparable(_ property: JSON, in schema: JSON) -> Bool {
    var property = property
    // The validator has made sure that references end.
    while let reference = property["$ref"]?.string {
      guard let target = JSONPointer.find(String(reference.dropFirst()), in: schema) else { break }
      property = target
    }
    if property["enum"] != nil || property["const"] != nil { return true }
    let types = ["integer", "number", "string", "boolean"]
    return property["type"]?.string.map(types.contains) ?? false
  }
}
