import CanonicalJSON
package import Dataset
package import Teachers

/// The models of a recipe, ready to be asked.
package enum Players {
  /// The most tokens of an answer where the recipe does not say.
  static let defaultMaxTokens = 2048

  /// How a role's answers are drawn; critics are asked to be steady, authors to vary.
  package static func sampling(_ settings: TeacherSettings, _ role: Role) -> Sampling {
    let temperature =
      switch role {
      case .proposer, .prompter: 0.8
      case .generator: 0.7
      case .planner: 0.4
      case .critic, .judge: 0.1
      }
    return Sampling(
      temperature: settings.temperature ?? temperature, topP: settings.topP,
      maxTokens: settings.maxTokens ?? defaultMaxTokens)
  }

  static func model(_ settings: TeacherSettings) -> String {
    switch settings.provider {
    case .embedded: EmbeddedTeacher.modelIdentity(settings.embedded)
    case .openai, .anthropic, .gemini: settings.model
    }
  }

  static func settings(_ recipe: Recipe, _ role: Role) -> TeacherSettings {
    guard let settings = recipe.teachers[role] else {
      preconditionFailure("a recipe has a teacher for every role")
    }
    return settings
  }

  /// What of a role's teacher can change its answers.
  static func identity(_ recipe: Recipe, _ role: Role) -> String {
    let settings = settings(recipe, role)
    let sampling = sampling(settings, role)
    return [
      settings.provider.rawValue, model(settings), settings.revision ?? "",
      sampling.temperature.map { "\($0)" } ?? "", sampling.topP.map { "\($0)" } ?? "",
      sampling.maxTokens.map { "\($0)" } ?? "", settings.isStructured ? "" : "text",
    ].joined(separator: "\n") + (settings.body.map { "\n" + $0.canonicalText } ?? "")
  }

  /// A player for each role; equal settings share one teacher.
  package static func make(
    _ recipe: Recipe, teacher: (TeacherSettings) throws -> any Teacher
  ) rethrows -> [Role: Player] {
    var teachers: [TeacherSettings: any Teacher] = [:]
    var players: [Role: Player] = [:]
    for role in Role.allCases {
      let settings = settings(recipe, role)
      let teacher = try teachers[settings] ?? teacher(settings)
      teachers[settings] = teacher
      players[role] = Player(
        teacher: teacher, provider: settings.provider.rawValue, model: model(settings),
        revision: settings.revision, sampling: sampling(settings, role),
        extraBody: settings.body, wantsInputs: settings.provider == .embedded,
        isStructured: settings.isStructured)
    }
    return players
  }

  /// How many slots are worked on at once: what the widest role's servers take, and half as many again,
  /// since some are between two requests.
  static func workers(_ recipe: Recipe) -> Int {
    let widths = Role.allCases.map { settings(recipe, $0) }.map { settings in
      settings.provider == .embedded
        ? settings.concurrency : settings.concurrency * settings.baseURLs.count * 3 / 2
    }
    return min(1536, max(2, widths.max() ?? 0))
  }
}
