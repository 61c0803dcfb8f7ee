package import ArtifactStore
package import Dataset

/// Which stages read what a key of the recipe says.
package enum RecipeImpact {
  /// A key of the recipe, as a person names it.
  package struct Key: Sendable, Hashable {
    package let path: [String]
    /// Those whose output another value makes stale, later ones aside.
    package let stages: Set<StageName>

    package var name: String { path.joined(separator: ".") }
  }

  private static let file = "recipe.yaml"

  /// The key that `recipe.yaml:LINE`, `recipe.yaml:KEY` or a `KEY.KEY` means; nil for another text.
  ///
  /// - Throws: ``SimulaError`` for a line or key that the recipe does not have.
  package static func key(_ text: String, in version: Version) throws -> Key? {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.first == file[...] else {
      let path = text.split(separator: ".").map(String.init)
      return path.count > 1 && Recipe.hasKey(path)
        ? Key(path: path, stages: stages(reading: path)) : nil
    }
    guard parts.count == 2, !parts[1].isEmpty else {
      throw SimulaError(
        .sources, "'\(text)' names no line",
        hint: "name one as 'recipe.yaml:12', or a key as 'complexity.fraction'")
    }
    let path: [String]
    if let line = Int(parts[1]) {
      guard let found = try Recipe.path(ofLine: line, in: try version.file(file) ?? []) else {
        throw SimulaError(
          .sources, "nothing stands on line \(line) of recipe.yaml in this version",
          hint: "name a line that has a key, or the key itself: 'complexity.fraction'")
      }
      path = found
    } else {
      path = parts[1].split(separator: ".").map(String.init)
    }
    guard Recipe.hasKey(path) else {
      throw SimulaError(
        .sources, "a recipe has no key '\(path.joined(separator: "."))'",
        hint: "name one as it stands in recipe.yaml, such as 'complexity.fraction'")
    }
    return Key(path: path, stages: stages(reading: path))
  }

  /// The stages that read what a key says.
  package static func stages(reading path: [String]) -> Set<StageName> {
    guard let first = path.first else { return [] }
    let second = path.count > 1 ? path[1] : ""
    switch first {
    case "description": return [.factors, .taxonomies, .strategies, .metaPrompts, .samples]
    case "examples": return [.factors, .samples]
    case "references", "factors": return [.factors]
    case "samples", "random-seed": return [.mixes]
    case "arm": return [.mixes, .metaPrompts, .samples]
    case "sample", "critics", "slots", "duplicates", "gap-fill": return [.samples]
    case "complexity": return [.metaPrompts]
    case "meta-prompts": return named(second, ["instances": .mixes, "candidates": .metaPrompts])
    case "strategy": return named(second, ["order": .mixes, "strategies": .strategies])
    case "taxonomy":
      switch second {
      case "factors": return [.factors]
      case "proposals", "": return [.factors, .taxonomies]
      default: return [.taxonomies]
      }
    case "teachers": return stages(askingTeacher: second, path.count > 2 ? path[2] : "")
    default: return []
    }
  }

  private static func named(_ key: String, _ stages: [String: StageName]) -> Set<StageName> {
    key.isEmpty ? Set(stages.values) : stages[key].map { [$0] } ?? []
  }

  /// What of a teacher changes nothing that it answers.
  private static let transport: Set = [
    "base-url", "api-key-variable", "timeout", "requests-per-minute", "tokens-per-minute",
    "organisation", "headers", "concurrency",
  ]

  private static func stages(askingTeacher role: String, _ knob: String) -> Set<StageName> {
    guard !transport.contains(knob) else { return [] }
    switch Role(rawValue: role) {
    case .proposer: return [.factors, .taxonomies]
    case .critic: return [.factors, .taxonomies, .samples]
    case .planner: return [.taxonomies, .strategies]
    case .prompter: return [.metaPrompts]
    case .generator: return [.samples]
    case .judge: return []
    case nil: return [.factors, .taxonomies, .strategies, .metaPrompts, .samples]
    }
  }
}

extension StageName {
  /// What the stage leaves.
  package var output: StageOutput {
    switch self {
    case .factors: .factors
    case .taxonomies: .taxonomies
    case .strategies: .strategies
    case .mixes: .mixes
    case .metaPrompts: .metaPrompts
    case .samples: .samples
    }
  }
}
