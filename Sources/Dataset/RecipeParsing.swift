package import CanonicalJSON

extension Recipe {
  /// The most bytes of a recipe.
  package static let maximumSize = 1 << 20
  /// The version of the recipe format, which the key `stemma` states.
  package static let formatVersion = 1
  /// How many samples a recipe may ask for.
  package static let sampleLimits = 0...10_000_000

  /// Reads the text of `recipe.yaml`.
  ///
  /// The closure reads the text at a path relative to the dataset, or returns nil when there is
  /// none.
  ///
  /// - Throws: ``RecipeErrors`` with all that is wrong, up to 20 errors.
  package init(
    parsing yaml: String, readReference: (String) throws -> String?
  ) throws(RecipeErrors) {
    try self.init(parsing: Array(yaml.utf8), readReference: readReference)
  }

  /// Reads the bytes of `recipe.yaml`, which must be UTF-8.
  package init(
    parsing bytes: [UInt8], readReference: (String) throws -> String?
  ) throws(RecipeErrors) {
    let log = ProblemLog(sections: RecipeKeys.sections)
    let root: YAMLValue
    do throws(TextProblem) {
      root = try YAMLParser.parse(bytes, atMost: Recipe.maximumSize)
    } catch {
      throw RecipeErrors([error])
    }
    let recipe = withoutActuallyEscaping(readReference) { read in
      RecipeReader(root: root, files: ReferenceReader(read: read, log: log), log: log)?.recipe()
    }
    guard log.isEmpty, let recipe else { throw RecipeErrors(log.problems) }
    self = recipe
  }

  /// What the text of a recipe says, as JSON, whether or not it is a valid recipe.
  package static func json(ofYAML yaml: String) throws(RecipeErrors) -> JSON {
    do throws(TextProblem) {
      return try YAMLParser.parse(yaml, atMost: maximumSize).json()
    } catch {
      throw RecipeErrors([error])
    }
  }

  /// The keys that lead to what stands on a line of a recipe, from the top; nil where nothing does.
  ///
  /// A line without a key of its own belongs to the last one before it.
  package static func path(ofLine line: Int, in yaml: [UInt8]) throws(RecipeErrors) -> [String]? {
    var value: YAMLValue
    do throws(TextProblem) {
      value = try YAMLParser.parse(yaml, atMost: maximumSize)
    } catch {
      throw RecipeErrors([error])
    }
    guard line <= yaml.count(where: { $0 == 0x0A }) + 1 else { return nil }
    var path: [String] = []
    while let member = value.members?.last(where: { $0.place.line <= line }) {
      path.append(member.name)
      value = member.value
    }
    return path.isEmpty ? nil : path
  }

  /// Whether a recipe can have a key, from the top.
  package static func hasKey(_ path: [String]) -> Bool {
    guard let first = path.first, RecipeKeys.top.contains(first) else { return false }
    guard path.count > 1 else { return true }
    switch first {
    case "teachers":
      return RecipeKeys.roles.contains(path[1])
        && (path.count == 2 || RecipeKeys.teacher.contains(path[2]))
    case "prices": return true
    default:
      return RecipeKeys.sections.first { $0.section == first }?.keys.contains(path[1]) ?? false
    }
  }
}
