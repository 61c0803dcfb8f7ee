import Foundation

/// The address of a server, checked once.
struct ServerURL: Sendable, Hashable {
  /// The address as written, without slashes at its end: safe to show.
  let base: String

  /// Reads an address such as `http://127.0.0.1:8080/v1`.
  ///
  /// - Parameters:
  ///   - text: The address, up to and including the version part.
  ///   - place: Where the settings stand in the recipe, for the hint.
  /// - Throws: ``TeacherError`` with code `unusable`.
  init(_ text: String, place: String) throws(TeacherError) {
    let example = "write \(place).base-url in recipe.yaml such as 'http://127.0.0.1:8080/v1'"
    // What follows '?' may be a key.
    let shown = ErrorText.oneLine(String(text.prefix { $0 != "?" && $0 != "#" }))
    func failure(_ problem: String) -> TeacherError {
      TeacherError(.unusable, "the base URL '\(shown)' \(problem)", hint: example)
    }
    // Looked for in the text, since a URL that does not parse must not show a password either.
    guard !text.contains("@") else {
      throw TeacherError(
        .unusable, "the base URL holds '@': a user name or a password has no place in it",
        hint: "name the key's environment variable as \(place).api-key-variable in recipe.yaml")
    }
    guard text.hasPrefix("http://") || text.hasPrefix("https://") else {
      throw failure("does not start with http:// or https://")
    }
    guard let parts = URLComponents(string: text, encodingInvalidCharacters: false),
      let scheme = parts.scheme?.lowercased()
    else { throw failure("is not a URL") }
    guard let host = parts.host, !host.isEmpty else { throw failure("names no host") }
    let port = parts.port ?? (scheme == "https" ? 443 : 80)
    guard (1...65_535).contains(port) else { throw failure("has a port outside 1 to 65535") }
    guard parts.query == nil, parts.fragment == nil else {
      throw failure("has a part after '?' or '#'")
    }
    var base = text[...]
    while base.hasSuffix("/") { base.removeLast() }
    guard !base.hasSuffix("/chat/completions") else {
      throw failure("ends in '/chat/completions', which is added to it")
    }
    self.base = String(base)
  }
}

extension ServerURL {
  /// A name as one step of a path, whatever it holds.
  static func step(_ name: String) -> String {
    // These two would be another folder.
    if name == "." || name == ".." { return name.replacing(".", with: "%2E") }
    return name.utf8.reduce(into: "") { text, byte in
      let isPlain =
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte
        || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || "-._~".utf8.contains(byte)
      if isPlain {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
  }
}
