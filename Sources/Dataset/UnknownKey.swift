/// Says what to do about a key that a mapping does not have.
enum UnknownKey {
  /// Names under which people write secrets; their values are never shown.
  private static let secrets: Set<String> = [
    "apikey", "apitoken", "authorization", "bearer", "key", "password", "secret", "token",
  ]

  /// Notes the key, and gives the one that was probably meant.
  static func note(
    _ member: YAMLMember, in section: String?, keys: [String], log: ProblemLog
  ) -> String? {
    let folded = member.name.lowercased().filter(\.isLetter)
    if secrets.contains(folded), !log.sections.isEmpty {
      log.add(
        member.place, "\(Quote.of(member.name)) has no place in a recipe, which is committed",
        hint: "name an environment variable that holds it: api-key-variable: OPENAI_API_KEY")
      return nil
    }
    let home = section.map { " in '\($0)'" } ?? ""
    let message = "unknown key \(Quote.of(member.name))\(home)"
    if let hint = otherHome(of: member.name, than: section, in: log.sections) {
      log.add(member.place, message, hint: hint)
      return nil
    }
    let near = NearestName.to(member.name, among: keys)
    let known = "known here: \(keys.joined(separator: ", "))"
    log.add(member.place, message, hint: near.map { "did you mean '\($0)'?" } ?? known)
    return near
  }

  /// Where a key belongs that another mapping of the format has.
  private static func otherHome(
    of name: String, than section: String?, in sections: [(section: String?, keys: [String])]
  ) -> String? {
    let home = sections.first { $0.section != section && $0.keys.contains(name) }
    return home.map {
      $0.section.map { "'\(name)' belongs under '\($0)'" }
        ?? "'\(name)' belongs at the start of a line"
    }
  }
}

/// The keys of each mapping of a recipe.
enum RecipeKeys {
  static let top = [
    "stemma", "description", "samples", "random-seed", "arm", "sample", "examples", "references",
    "teachers", "factors", "taxonomy", "strategy", "meta-prompts", "complexity", "critics", "slots",
    "duplicates", "gap-fill", "budget", "prices",
  ]
  static let sample = ["schema", "question", "answer", "hidden-from-critics"]
  static let rates = [
    "wrong-answers", "accepts-right", "accepts-wrong", "rejects-drafts", "removes-planted",
  ]
  /// What only a model behind a server has.
  static let server = [
    "model", "revision", "base-url", "api-key-variable", "temperature", "top-p", "max-tokens",
    "timeout", "structured", "requests-per-minute", "tokens-per-minute", "organisation", "headers",
    "body",
  ]
  static let teacher = ["provider"] + server + ["concurrency"] + rates
  static let roles = ["default"] + Role.allCases.map(\.rawValue)
  static let taxonomy = [
    "factors", "depth", "proposals", "children", "children-cap", "frontier-cap", "level-plans",
  ]
  static let strategy = ["strategies", "order"]
  static let metaPrompts = ["candidates", "instances"]
  static let complexity = ["fraction"]
  static let critics = ["requirements", "refine", "double"]
  static let slots = ["attempts", "extra"]
  static let duplicates = ["near", "held-out"]
  static let heldOut = ["path", "question"]
  static let gapFill = ["minimum", "limit"]
  static let budget = ["calls", "tokens", "money", "hours"]
  static let price = ["input", "output"]

  static let sections: [(section: String?, keys: [String])] = [
    ("sample", sample), ("taxonomy", taxonomy), ("strategy", strategy),
    ("meta-prompts", metaPrompts), ("complexity", complexity), ("critics", critics),
    ("slots", slots), ("duplicates", duplicates), ("held-out", heldOut),
    ("gap-fill", gapFill), ("budget", budget),
    ("teachers.default", teacher), ("teachers", roles), (nil, top),
  ]
}
