import CanonicalJSON

/// Text from outside made fit for an error message.
enum ErrorText {
  /// The most characters that are kept of what a server says.
  static let limit = 300

  /// The text on one line, without control characters, cut to ``limit`` characters.
  static func oneLine(_ text: String) -> String {
    var line = ""
    var endsInSpace = true
    for scalar in text.unicodeScalars {
      // Format characters could turn a terminal's text around, as controls could.
      let isShown = ![.control, .format, .surrogate].contains(scalar.properties.generalCategory)
      if scalar.properties.isWhitespace || !isShown {
        if !endsInSpace { line.append(" ") }
        endsInSpace = true
      } else {
        line.unicodeScalars.append(scalar)
        endsInSpace = false
      }
    }
    if line.hasSuffix(" ") { line.removeLast() }
    return line.count > limit ? line.prefix(limit - 1) + "…" : line
  }

  /// What a server says about a failure, in the forms that servers use, without the key.
  static func serverMessage(in body: [UInt8], key: APIKey?) -> String {
    let text = String(decoding: body, as: UTF8.self)
    let said = (try? JSON(parsing: body)).flatMap(message(in:)) ?? text
    // The key goes before the cut, or a part of it could stay.
    return oneLine(key?.removed(fromMessage: said) ?? said)
  }

  /// OpenAI, Anthropic, Gemini: `error.message`; Ollama: `error`; vLLM: `message`; FastAPI: `detail`.
  private static func message(in json: JSON) -> String? {
    // Gemini's compatible endpoint wraps the object in an array.
    let json = json.array?.first ?? json
    return json["error"]?["message"]?.string ?? json["error"]?.string ?? json["message"]?.string
      ?? json["detail"]?.string
  }

  /// The name that a server gives a kind of failure, where it gives one.
  static func errorCode(in body: [UInt8]) -> String? {
    (try? JSON(parsing: body))?["error"]?["code"]?.string
  }
}
