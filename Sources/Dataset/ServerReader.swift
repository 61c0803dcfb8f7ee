import CanonicalJSON

/// Reads what a teacher behind a server has in a recipe.
struct ServerReader {
  /// More servers of one role are a mistake.
  private static let mostServers = 64
  private static let mostHeaders = 32

  let fields: FieldReader
  let log: ProblemLog

  func read(into settings: inout TeacherSettings) {
    settings.model = fields.text("model") ?? settings.model
    settings.revision = fields.text("revision") ?? settings.revision
    settings.temperature = fields.number("temperature", 0...2) ?? settings.temperature
    settings.topP = fields.number("top-p", 0...1) ?? settings.topP
    settings.maxTokens = fields.integer("max-tokens", 1...1_000_000) ?? settings.maxTokens
    settings.timeoutSeconds = fields.number("timeout", 1...86_400) ?? settings.timeoutSeconds
    settings.isStructured = fields.bool("structured") ?? settings.isStructured
    settings.requestsPerMinute =
      fields.number("requests-per-minute", 0.01...1e9) ?? settings.requestsPerMinute
    settings.tokensPerMinute =
      fields.number("tokens-per-minute", 1...1e12) ?? settings.tokensPerMinute
    settings.organisation = fields.text("organisation") ?? settings.organisation
    if let headers = headers() { settings.headers = headers }
    if let body = body() { settings.body = body }
    if let urls = baseURLs() { settings.baseURLs = urls }
    if let name = keyVariable() { settings.keyVariable = name }
    if settings.baseURLs.isEmpty, let url = settings.provider.publicURL {
      settings.baseURLs = [url]
    }
    checkRequired(settings)
  }

  private func checkRequired(_ settings: TeacherSettings) {
    if settings.model.isEmpty {
      fields.missing("model", hint: "write the model's name as the server knows it")
    }
    if settings.baseURLs.isEmpty, !fields.has("base-url") {
      fields.missing(
        "base-url", hint: "write the server's address, such as http://127.0.0.1:8080/v1")
    }
    if settings.topP == 0 {
      log.add(
        fields.place(of: "top-p"), "\(fields.name(of: "top-p")) must be more than 0",
        hint: "write temperature: 0 for the likeliest answer")
    }
  }

  /// One address, or several whose servers share the requests.
  private func baseURLs() -> [String]? {
    guard fields.has("base-url"), let texts = fields.list("base-url") else { return nil }
    var urls: [String] = []
    for (text, place) in texts {
      if let fault = BaseURL.fault(in: text) {
        log.add(place, "\(fields.name(of: "base-url")) \(fault.message)", hint: fault.hint)
        return nil
      }
      let url = text.hasSuffix("/") ? String(text.dropLast()) : text
      guard !urls.contains(url) else {
        log.add(place, "\(fields.name(of: "base-url")) names \(Quote.of(url)) twice")
        return nil
      }
      urls.append(url)
    }
    guard (1...Self.mostServers).contains(urls.count) else {
      log.add(
        fields.place(of: "base-url"),
        "\(fields.name(of: "base-url")) must name 1 to \(Self.mostServers) servers")
      return nil
    }
    return urls
  }

  private func keyVariable() -> String? {
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

  /// Headers that go with every request; none of those that the program sets or that hold secrets.
  private func headers() -> [String: String]? {
    guard let member = fields.member("headers") else { return nil }
    guard let members = member.value.members, members.count <= Self.mostHeaders else {
      log.add(
        member.place,
        "\(fields.name(of: "headers")) must be a mapping of at most \(Self.mostHeaders) headers")
      return nil
    }
    var headers: [String: String] = [:]
    for member in members {
      let name = member.name.lowercased()
      guard name.wholeMatch(of: /[!#$%&'*+\-.^_`|~0-9a-z]{1,100}/) != nil else {
        log.add(member.place, "\(Quote.of(member.name)) is no name of a header")
        return nil
      }
      guard !Self.isReserved(name) else {
        log.add(
          member.place, "the header '\(name)' is not for a recipe, which is committed",
          hint: "leave it to the program; a key's variable goes into 'api-key-variable'")
        return nil
      }
      guard let value = member.value.text, value.utf8.count <= 4096,
        value.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
      else {
        log.add(
          member.place, "the header '\(name)' must be visible ASCII of at most 4096 characters")
        return nil
      }
      headers[name] = value
    }
    return headers
  }

  private static func isReserved(_ name: String) -> Bool {
    let program: Set = [
      "host", "connection", "content-length", "content-type", "transfer-encoding", "accept",
      "user-agent", "te", "upgrade", "expect", "openai-organization", "anthropic-version",
    ]
    let words = ["authorization", "api-key", "apikey", "cookie", "token", "secret", "password"]
    return program.contains(name) || words.contains { name.contains($0) }
  }

  /// Members that are added to the body of every request.
  private func body() -> JSON? {
    guard let member = fields.member("body") else { return nil }
    guard member.value.members != nil else {
      log.add(member.place, "\(fields.name(of: "body")) must be a mapping")
      return nil
    }
    do throws(TextProblem) {
      let body = try member.value.json()
      guard let used = body.object?.names.first(where: Self.ownMembers.contains) else {
        return body.object?.names.isEmpty == false ? body : nil
      }
      log.add(
        member.place, "'\(used)' in \(fields.name(of: "body")) is decided elsewhere",
        hint: "use the keys beside 'body'; what a request asks comes from the prompts")
    } catch {
      log.add(error)
    }
    return nil
  }

  private static let ownMembers: Set = [
    "model", "messages", "contents", "system", "systemInstruction", "stream", "n", "seed",
    "temperature", "top_p", "max_tokens", "response_format",
  ]
}
