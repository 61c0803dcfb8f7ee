/// How long a response asks to wait.
enum RetryAfter {
  /// Reads `retry-after-ms` and `Retry-After`, in seconds or as a date.
  ///
  /// A date is measured against the response's own `Date`, so that a wrong clock here does no harm.
  ///
  /// - Parameters:
  ///   - now: Seconds since 1970, for a response without `Date`.
  ///   - header: The first value of a header.
  /// - Returns: The wait, zero for a moment that has passed, or nil when nothing readable is there.
  static func wait(now: Int, header: (String) -> String?) -> Duration? {
    if let milliseconds = number(header("retry-after-ms")) {
      return .milliseconds(Int(milliseconds.rounded(.up)))
    }
    guard let text = header("retry-after") else { return nil }
    if let seconds = number(text) { return .milliseconds(Int((seconds * 1000).rounded(.up))) }
    guard let moment = HTTPDate.seconds(text) else { return nil }
    let reference = header("date").flatMap(HTTPDate.seconds) ?? now
    return .seconds(max(0, moment - reference))
  }

  private static func number(_ text: String?) -> Double? {
    let digits = Set("0123456789.")
    guard let text, text.allSatisfy(digits.contains), let value = Double(text) else { return nil }
    return min(value, 1e12)
  }
}

/// Dates as HTTP writes them.
enum HTTPDate {
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, the form that RFC 9110 has servers write.
  ///
  /// - Returns: Seconds since 1970, or nil for any other form.
  static func seconds(_ text: String) -> Int? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[0].hasSuffix(","), words[5] == "GMT",
      let day = number(words[1], 1...31), let month = months.firstIndex(of: String(words[2])),
      let year = number(words[3], 1970...9999)
    else { return nil }
    let time = words[4].split(separator: ":", omittingEmptySubsequences: false)
    guard time.count == 3, let hour = number(time[0], 0...23), let minute = number(time[1], 0...59),
      let second = number(time[2], 0...60)
    else { return nil }
    let days = days(year: year, month: month + 1, day: day)
    return days * 86_400 + hour * 3600 + minute * 60 + second
  }

  private static func number(_ text: Substring, _ range: ClosedRange<Int>) -> Int? {
    guard text.allSatisfy(\.isASCII), let value = Int(text), range.contains(value) else {
      return nil
    }
    return value
  }

  /// Days since 1970 in the Gregorian calendar, counted in years that begin in March.
  private static func days(year: Int, month: Int, day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
    return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
  }
}
