import Foundation

/// What providers say about the rest of their limits in each response.
enum RateHeaders {
  /// For how long nothing is left, or nil while something is.
  ///
  /// OpenAI: `x-ratelimit-remaining-requests` and `-tokens`, with resets such as `6m0.5s`. Anthropic:
  /// `anthropic-ratelimit-requests-remaining`, `-tokens-remaining`, `-input-tokens-remaining` and
  /// `-output-tokens-remaining`, with resets as RFC 3339 dates.
  ///
  /// - Parameters:
  ///   - now: Seconds since 1970.
  ///   - header: The first value of a header.
  /// - Returns: The longest of the waits, at most an hour.
  static func pause(now: Int, header: (String) -> String?) -> Duration? {
    var waits: [Duration] = []
    for what in ["requests", "tokens"] where isSpent(header("x-ratelimit-remaining-\(what)")) {
      if let wait = header("x-ratelimit-reset-\(what)").flatMap(duration) { waits.append(wait) }
    }
    for what in ["requests", "tokens", "input-tokens", "output-tokens"]
    where isSpent(header("anthropic-ratelimit-\(what)-remaining")) {
      if let moment = header("anthropic-ratelimit-\(what)-reset").flatMap(moment) {
        waits.append(.seconds(max(0, moment - now)))
      }
    }
    return waits.max().map { min($0, .seconds(3600)) }
  }

  private static func isSpent(_ text: String?) -> Bool { text.flatMap { Int($0) } == 0 }

  /// A duration as Go prints it, such as `1h2m3.5s` or `120ms`.
  static func duration(_ text: String) -> Duration? {
    var seconds = 0.0
    var rest = text[...]
    let units = ["ms": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "h": 3600, "m": 60, "s": 1]
    guard !rest.isEmpty, rest.utf8.count <= 40 else { return nil }
    while !rest.isEmpty {
      let number = rest.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      rest = rest.dropFirst(number.count)
      let unit = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(unit.count)
      guard let value = Double(number), let factor = units[String(unit)] else { return nil }
      seconds += value * factor
    }
    return .seconds(min(seconds, 1e9))
  }

  private static func moment(_ text: String) -> Int? {
    (try? Date(text, strategy: .iso8601)).map { Int($0.timeIntervalSince1970.rounded(.up)) }
  }
}
