import CanonicalJSON

/// What of a recipe, its templates and sources differs, by the step that it goes into.
struct ChangedInputs {
  private let keys: [String]
  private let files: Set<String>
  /// The path of the sample's schema where it is a file.
  private let schemaFile: String?
  /// Keys of teachers that roles set for themselves, in both versions.
  private let ownKeys: Set<String>
  private var known: [ReplacementCause.Step: [String]] = [:]

  init(_ recipe: RecipeDiff, files: [String], recipeText: [UInt8]?) {
    let all = RecipeDiff(from: nil, to: recipeText).keys
    keys = recipe.keys.map(\.path)
    self.files = Set(files)
    schemaFile = all.first { $0.path == "sample.schema" }?.new?.string
    ownKeys = Set(all.map(\.path)).subtracting(keys)
    for step in ReplacementCause.Step.allCases { known[step] = inputs(of: step) }
  }

  subscript(step: ReplacementCause.Step) -> [String] { known[step] ?? [] }

  /// The keys of a teacher that no answer depends on.
  private static let transport: Set<String> = [
    "base-url", "api-key-variable", "timeout", "requests-per-minute", "tokens-per-minute",
    "organisation", "headers", "concurrency",
  ]

  private func inputs(of step: ReplacementCause.Step) -> [String] {
    let (sections, role, templates): ([String], String?, [String]) =
      switch step {
      case .mix:
        (["random-seed", "arm", "strategy.order", "meta-prompts.instances"], nil, [])
      case .scenario:
        (
          ["description", "arm", "meta-prompts.candidates", "complexity"], "prompter",
          ["meta-prompts", "complexify"]
        )
      case .answer:
        (["description", "examples", "sample"], "generator", ["generate", "refine"])
      case .verdict:
        (
          ["description", "arm", "sample", "critics"], "critic",
          [
            "judge-requirements", "ask-correct", "ask-incorrect", "solve", "solve-check", "refine",
          ]
        )
      case .duplicate: (["duplicates", "sample.question"], nil, [])
      }
    var found = keys.filter { key in
      sections.contains { key == $0 || key.hasPrefix($0 + ".") }
        || role.map { isOf(role: $0, key) } ?? false
    }.map { "recipe.yaml: \($0)" }
    if let schemaFile, sections.contains("sample"), files.contains(schemaFile) {
      found.append(schemaFile)
    }
    return found
      + templates.map { "prompts/\($0).mustache" }.filter { files.contains($0) }
  }

  /// Whether a key says how a role's teacher answers.
  private func isOf(role: String, _ key: String) -> Bool {
    let parts = key.split(separator: ".").map(String.init)
    guard parts.count > 2, parts[0] == "teachers", !Self.transport.contains(parts[2]) else {
      return false
    }
    return parts[1] == role
      || parts[1] == "default" && !ownKeys.contains("teachers.\(role).\(parts[2])")
  }
}
