import CanonicalJSON
import JSONSchema

/// Reads the mapping of a whole recipe.
struct RecipeReader {
  let fields: FieldReader
  let log: ProblemLog
  private let files: ReferenceReader

  init?(root: YAMLValue, files: ReferenceReader, log: ProblemLog) {
    guard let fields = FieldReader(root, section: nil, at: .start, keys: RecipeKeys.top, log: log)
    else { return nil }
    self.fields = fields
    self.files = files
    self.log = log
  }

  /// The recipe as far as it can be read; it counts only if nothing was noted.
  func recipe() -> Recipe? {
    checkFormat()
    let description = description()
    let samples = fields.integer("samples", Recipe.sampleLimits)
    if !fields.has("samples") {
      fields.missing("samples", hint: "say how many samples to make: samples: 100")
    }
    let shape = SampleReader(fields: fields, files: files, log: log)?.shape()
    let examples = examples(schema: shape?.validator)
    let teachers = TeacherReader(fields: fields, log: log).teachers()
    let seed = fields.integer("random-seed", 0...(1 << 53)) ?? 0
    let (references, factors) = (references(), factors())
    let (taxonomy, strategy, metaPrompts) = (taxonomy(), strategy(), metaPrompts())
    let (complexity, critics, slots) = (complexity(), critics(shape: shape), slots())
    let duplicates = DuplicateReader(
      fields: fields, files: files, question: shape?.sample.question ?? [], log: log
    ).knobs()
    let (gapFill, arm): (GapFillKnobs, Arm?) = (gapFill(), fields.choice("arm"))
    guard let description, let samples, let shape, let teachers else { return nil }
    var recipe = Recipe(
      description: description, sampleCount: samples, randomSeed: seed, sample: shape.sample,
      exampleSamples: examples, references: references, teachers: teachers, factors: factors,
      taxonomy: taxonomy, strategy: strategy, metaPrompts: metaPrompts, complexity: complexity,
      critics: critics, slots: slots, duplicates: duplicates)
    recipe.gapFill = gapFill
    recipe.arm = arm ?? .full
    recipe.budget = budget()
    recipe.prices = prices()
    checkPrices(recipe)
    return recipe
  }

  private func checkFormat() {
    guard fields.has("stemma") else {
      fields.missing("stemma", hint: "write the version of the format first: stemma: 1")
      return
    }
    guard fields.text("stemma") != String(Recipe.formatVersion) else { return }
    let value = fields.member("stemma")?.value.kind ?? ""
    log.add(
      fields.place(of: "stemma"), "'stemma' is \(value); this program reads format 1",
      hint: "write stemma: 1, or use a newer program")
  }

  private func description() -> String? {
    guard fields.has("description") else {
      fields.missing("description", hint: "say in a few sentences what the dataset is about")
      return nil
    }
    guard let text = fields.text("description") else { return nil }
    let trimmed = Self.trimmed(text)
    guard !trimmed.isEmpty else {
      log.add(fields.place(of: "description"), "'description' says nothing")
      return nil
    }
    guard trimmed.utf8.count <= 65_536 else {
      log.add(
        fields.place(of: "description"), "'description' has more than 64 KiB",
        hint: "put long texts into files and name them under 'references'")
      return nil
    }
    return trimmed
  }

  private static func trimmed(_ text: String) -> String {
    let start = text.drop(while: \.isWhitespace)
    let end = start.reversed().drop(while: \.isWhitespace)
    return String(end.reversed())
  }

  private func examples(schema: SchemaValidator?) -> [JSON] {
    guard let member = fields.member("examples") else { return [] }
    guard let items = member.value.items, items.count <= 100 else {
      log.add(member.place, "'examples' must be a list of at most 100 samples")
      return []
    }
    var examples: [JSON] = []
    for (index, item) in items.enumerated() {
      do throws(TextProblem) {
        let example = try item.json()
        for violation in schema?.validate(example) ?? [] {
          log.add(
            item.place, "example \(index + 1) does not fit the schema: \(violation)",
            hint: "examples are samples in the form of 'schema' under 'sample'")
        }
        examples.append(example)
      } catch {
        log.add(error)
      }
    }
    return examples
  }

  private func references() -> [String] {
    guard let paths = fields.list("references") else { return [] }
    guard paths.count <= 100 else {
      log.add(fields.place(of: "references"), "'references' names more than 100 files")
      return []
    }
    return paths.compactMap { files.text(at: $0.text, from: $0.place) }
  }

  private func factors() -> [String]? {
    guard let names = fields.list("factors") else { return nil }
    let place = fields.place(of: "factors")
    guard (1...20).contains(names.count) else {
      log.add(
        place, "'factors' names \(names.count) factors; it takes 1 to 20",
        hint: "leave 'factors' out to have them proposed")
      return nil
    }
    var seen: Set<String> = []
    for name in names {
      if let fault = NodeName.fault(in: name.text) {
        log.add(name.place, "a factor's name \(fault)")
      } else if !seen.insert(NodeName.normalized(name.text)).inserted {
        log.add(name.place, "the factor \(Quote.of(name.text)) stands twice")
      }
    }
    return names.map(\.text)
  }
}
