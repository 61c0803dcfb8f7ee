/// How one server that speaks chat completions is asked.
package struct OpenAISettings: Sendable {
  /// Up to and including the version part, such as `http://127.0.0.1:8080/v1`.
  package var baseURL: String
  /// The name of the environment variable that the key comes from, for messages only.
  package var keyVariable: String?
  /// Where these settings stand in the recipe, such as `teachers.generator`, for messages only.
  package var place: String
  /// The most calls of this teacher that are under way at once.
  package var concurrency: Int
  /// The most time of one exchange.
  package var timeout: Duration
  /// The most bytes of one response.
  package var largestResponse = 16 << 20
  package var retry = RetryPolicy()

  /// Kept as a type of its own, so that no description or dump of the settings shows it.
  let key: APIKey?

  /// Makes settings from plain values.
  ///
  /// - Parameters:
  ///   - baseURL: Up to and including the version part.
  ///   - apiKey: The secret itself; nil or white space means that none is sent.
  ///   - keyVariable: The name of the variable that the caller read it from.
  ///   - place: Where the settings stand in the recipe.
  ///   - concurrency: The most calls under way at once.
  ///   - timeout: The most time of one exchange.
  package init(
    baseURL: String, apiKey: String? = nil, keyVariable: String? = nil,
    place: String = "teachers.default", concurrency: Int = 8, timeout: Duration = .seconds(600)
  ) {
    self.baseURL = baseURL
    key = APIKey(apiKey)
    self.keyVariable = keyVariable
    self.place = place
    self.concurrency = concurrency
    self.timeout = timeout
  }
}
