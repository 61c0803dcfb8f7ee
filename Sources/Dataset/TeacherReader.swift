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
    case .openai: TeacherSettings(provider: provider, model: "")
    }
  }

  private func settings(of member: YAMLMember, over common: TeacherSettings?) -> TeacherSettings? {
    let section = "teachers.\(member.name)"
    guard
      let fields = FieldReader(
        member.value, section: section, at: member.place, keys: RecipeKeys.teacher, log: log)
    else { return nil }
    guard fields.has("provider") || common != nil else {
      fields.missing("provider", hint: "write provider: openai or provider: embedded")
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
    case .openai: read(fields, into: &settings)
    }
    return settings
  }

  private func refuseForeignKeys(_ fields: FieldReader, provider: TeacherSettings.Provider) {
    let (foreign, home) =
      provider == .embedded ? (RecipeKeys.server, "openai") : (RecipeKeys.rates, "embedded")
    for key in foreign where fields.has(key) {
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

  private func read(_ fields: FieldReader, into settings: inout TeacherSettings) {
    settings.model = fields.text("model") ?? settings.model
    settings.revision = fields.text("revision") ?? settings.revision
    settings.temperature = fields.number("temperature", 0...2) ?? settings.temperature
    settings.topP = fields.number("top-p", 0...1) ?? settings.topP
    settings.maxTokens = fields.integer("max-tokens", 1...1_000_000) ?? settings.maxTokens
    settings.timeoutSeconds = fields.number("timeout", 1...86_400) ?? settings.timeoutSeconds
    settings.isStructured = fields.bool("structured") ?? settings.isStructured
    if let url = baseURL(fields) { settings.baseURL = url }
    if let name = keyVariable(fields) { settings.keyVariable = name }
    if settings.model.isEmpty {
      fields.missing("model", hint: "write the model's name as the server knows it")
    }
    if settings.baseURL == nil, !fields.has("base-url") {
      fields.missing(
        "base-url", hint: "write the server's address, such as http://127.0.0.1:8080/v1")
    }
    if settings.topP == 0 {
      log.add(
        fields.place(of: "top-p"), "\(fields.name(of: "top-p")) must be more than 0",
        hint: "write temperature: 0 for the likeliest answer")
    }
  }

  private func baseURL(_ fields: FieldReader) -> String? {
    guard let text = fields.text("base-url"), fields.has("base-url") else { return nil }
    if let fault = BaseURL.fault(in: text) {
      log.add(
        fields.place(of: "base-url"), "\(fields.name(of: "base-url")) \(fault.message)",
        hint: fault.hint)
      return nil
    }
    return text.hasSuffix("/") ? String(text.dropLast()) : text
  }

  private func keyVariable(_ fields: FieldReader) -> String? {
    guard let name = fields.text("api-key-variable"), fields.has("api-key-variable") else {
      return nil
    }
    // The value is not shown: it may be the key itself.
    guard name.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]{0,99}/) != nil else {
      log.add(
        fields.place(of: "api-key-variable"),
        "\(fields.name(of: "api-key-variable")) is no name of an environment variable",
        hint: "write the name, never the key: api-key-variable: OPENAI_API_KEY")
      return nil
    }
    return name
  }
}

/// The address of a server that speaks chat completions.
enum BaseURL {
  /// What is wrong with an address; it is not shown, since it may hold a secret.
  static func fault(in text: String) -> (message: String, hint: String)? {
    let example = "such as http://127.0.0.1:8080/v1"
    guard let match = text.wholeMatch(of: /(?i:https?):\/\/([^\/?#]*)([^?#]*)(.*)/) else {
      return ("must start with http:// or https://", "write the server's address, \(example)")
    }
    let (host, path, rest) = (match.1, match.2, match.3)
    guard !host.contains("@") else {
      return (
        "holds a user name or password",
        "remove it, and name the key's variable in 'api-key-variable'"
      )
    }
    guard rest.isEmpty else {
      return ("has a query or fragment", "end the address with the version, \(example)")
    }
    let isPlain = (host + path).unicodeScalars.allSatisfy {
      $0.isASCII && $0.value > 0x20 && $0.value != 0x7F
        && !"\"<>\\^`{|}".unicodeScalars.contains($0)
    }
    guard isPlain, host.wholeMatch(of: /([A-Za-z0-9._\-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?/) != nil
    else { return ("names no server", "write the server's address, \(example)") }
    if let port = host.split(separator: ":").last, host.contains(":"), !host.hasSuffix("]"),
      !(1...65_535).contains(Int(port) ?? 0)
    {
      return ("has a port that is not from 1 to 65535", "write the server's address, \(example)")
    }
    return nil
  }
}
