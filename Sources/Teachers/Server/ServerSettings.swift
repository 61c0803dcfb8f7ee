package import Dataset

/// How the servers of one model are asked.
package struct ServerSettings: Sendable {
  /// How requests and answers look.
  package enum Form: Sendable, Hashable {
    case chatCompletions(organisation: String?)
    case anthropicMessages
    case geminiContents
  }

  package var form = Form.chatCompletions(organisation: nil)
  /// The servers that share the requests, each up to and including the version part, such as
  /// `http://127.0.0.1:8080/v1`.
  package var baseURLs: [String]
  /// The model whose requests count together.
  package var model = ""
  /// The name of the environment variable that the key comes from, for messages only.
  package var keyVariable: String?
  /// Where these settings stand in the recipe, such as `teachers.generator`, for messages only.
  package var place: String
  /// The most calls that are under way at each server at once.
  package var concurrency: Int
  /// What each server grants a minute; tokens are those of requests and answers together.
  package var requestsPerMinute: Double?
  package var tokensPerMinute: Double?
  /// The most time of one exchange.
  package var timeout: Duration
  /// The most bytes of one response.
  package var largestResponse = 16 << 20
  package var retry = RetryPolicy()
  /// Go with every request, by their names.
  package var headers: [String: String] = [:]

  /// Kept as a type of its own, so that no description or dump of the settings shows it.
  let key: APIKey?

  /// Makes settings from plain values.
  ///
  /// - Parameters:
  ///   - baseURLs: The servers, each up to and including the version part.
  ///   - apiKey: The secret itself; nil or white space means that none is sent.
  ///   - keyVariable: The name of the variable that the caller read it from.
  ///   - place: Where the settings stand in the recipe.
  ///   - concurrency: The most calls under way at each server at once.
  ///   - timeout: The most time of one exchange.
  package init(
    baseURLs: [String], apiKey: String? = nil, keyVariable: String? = nil,
    place: String = "teachers.default", concurrency: Int = 8, timeout: Duration = .seconds(600)
  ) {
    self.baseURLs = baseURLs
    key = APIKey(apiKey)
    self.keyVariable = keyVariable
    self.place = place
    self.concurrency = concurrency
    self.timeout = timeout
  }

  /// Makes settings from those of a recipe.
  ///
  /// - Parameters:
  ///   - settings: Of a provider with servers.
  ///   - apiKey: The secret itself; nil or white space means that none is sent.
  package init(_ settings: TeacherSettings, apiKey: String?) {
    self.init(
      baseURLs: settings.baseURLs, apiKey: apiKey, keyVariable: settings.keyVariable,
      concurrency: settings.concurrency, timeout: .seconds(settings.timeoutSeconds))
    form =
      switch settings.provider {
      case .anthropic: .anthropicMessages
      case .gemini: .geminiContents
      case .openai, .embedded: .chatCompletions(organisation: settings.organisation)
      }
    model = settings.model
    headers = settings.headers
    requestsPerMinute = settings.requestsPerMinute
    tokensPerMinute = settings.tokensPerMinute
  }

  /// The servers, when the settings can work.
  ///
  /// - Throws: ``TeacherError`` with code `unusable` for a base URL, key or limit that cannot.
  func checked() throws(TeacherError) -> [ServerURL] {
    guard concurrency > 0, timeout > .zero, largestResponse > 0, retry.attempts > 0,
      !baseURLs.isEmpty
    else {
      throw TeacherError(
        .unusable, "the concurrency and the timeout of '\(place)' must be above zero",
        hint: "correct \(place) in recipe.yaml")
    }
    guard key?.fitsHeader ?? true else {
      throw TeacherError(
        .unusable, "the API key holds a space or a character that cannot be sent",
        hint: keyVariable.map { "set the environment variable '\($0)' to the key alone" })
    }
    var urls: [ServerURL] = []
    for text in baseURLs { urls.append(try ServerURL(text, place: place)) }
    return urls
  }

  var wire: any WireForm {
    switch form {
    case .chatCompletions(let organisation): ChatCompletions(organisation: organisation)
    case .anthropicMessages: AnthropicMessages()
    case .geminiContents: GeminiContents()
    }
  }

  /// What each server is granted.
  var limits: Endpoint.Limits {
    Endpoint.Limits(
      concurrency: concurrency, requestsPerMinute: requestsPerMinute,
      tokensPerMinute: tokensPerMinute)
  }
}
