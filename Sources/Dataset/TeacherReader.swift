/// Reads the mapping `teachers` of a recipe.
struct TeacherReader {
  let fields: FieldReader
  let log: ProblemLog

  /// The settings of every role, or nil when a role has none.
  func teachers() -> [Role: TeacherSettings]? {
    guard let member = fields.member("teachers") else {
      return Dictionary(uniqueKeysWithValues: Role.allCases.map { ($0, fresh(.embedded)) })
    }
    guard
      let roles = FieldReader(
        member.value, section: "teachers", at: member.place, keys: RecipeKeys.roles, log: log)
    else { return nil }
    let common = roles.member("default").map { settings(of: $0, over: nil) }
    var teachers: [Role: TeacherSettings] = [:]
    for role in Role.allCases {
      if let member = roles.member(role.rawValue) {
        teachers[role] = settings(of: member, over: common ?? nil)
      } else if let common {
        teachers[role] = common
      } else if roles.isMisspelt("default") || roles.isMisspelt(role.rawValue) {
        return nil
      } else {
        log.add(
          member.place, "the role '\(role.rawValue)' has no teacher",
          hint: "add 'default' under 'teachers' for the roles that are not named")
        return nil
      }
    }
    return teachers.count == Role.allCases.count ? teachers : nil
  }

  private func fresh(_ provider: TeacherSettings.Provider) -> TeacherSettings {
    switch provider {
    case .embedded:
      // It waits for no server but for the disk, which takes many answers as easily as one.
      TeacherSettings(provider: provider, model: TeacherSettings.embeddedModel, concurrency: 256)
    case .openai, .anthropic, .gemini: TeacherSettings(provider: provider, model: "")
    }
  }

  private func settings(of member: YAMLMember, over common: TeacherSettings?) -> TeacherSettings? {
    let section = "teachers.\(member.name)"
    guard
      let fields = FieldReader(
        member.value, section: section, at: member.place, keys: RecipeKeys.teacher, log: log)
    else { return nil }
    guard fields.has("provider") || common != nil else {
      fields.missing(
        "provider", hint: "write provider: openai, anthropic, gemini or embedded")
      return nil
    }
    let provider: TeacherSettings.Provider? =
      fields.has("provider") ? fields.choice("provider") : common?.provider
    guard let provider else { return nil }
    var settings = fresh(provider)
    if let common, common.provider == provider { settings = common }
    refuseForeignKeys(fields, provider: provider)
    settings.concurrency = fields.integer("concurrency", 1...1024) ?? settings.concurrency
    switch provider {
    case .embedded: settings.embedded = rates(fields, over: settings.embedded)
    case .openai, .anthropic, .gemini: ServerReader(fields: fields, log: log).read(into: &settings)
    }
    return settings
  }

  private func refuseForeignKeys(_ fields: FieldReader, provider: TeacherSettings.Provider) {
    var foreign =
      provider == .embedded
      ? RecipeKeys.server.map { ($0, "openai") } : RecipeKeys.rates.map { ($0, "embedded") }
    if provider == .anthropic || provider == .gemini { foreign.append(("organisation", "openai")) }
    for (key, home) in foreign where fields.has(key) {
      log.add(
        fields.place(of: key),
        "\(fields.name(of: key)) means nothing to the provider '\(provider.rawValue)'",
        hint: "remove it, or write provider: \(home)")
    }
  }

  private func rates(_ fields: FieldReader, over rates: EmbeddedRates) -> EmbeddedRates {
    var rates = rates
    rates.wrongAnswers = fields.number("wrong-answers", 0...1) ?? rates.wrongAnswers
    rates.acceptsRight = fields.number("accepts-right", 0...1) ?? rates.acceptsRight
    rates.acceptsWrong = fields.number("accepts-wrong", 0...1) ?? rates.acceptsWrong
    rates.rejectsDrafts = fields.number("rejects-drafts", 0...1) ?? rates.rejectsDrafts
    rates.removesPlanted = fields.number("removes-planted", 0...1) ?? rates.removesPlanted
    return rates
  }
}
