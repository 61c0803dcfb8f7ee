/// A complete response of success that is not what the protocol says: an answer of its own.
enum MalformedReply {
  /// The most bytes that are kept of its body.
  static let limit = 64 << 10

  /// Keeps the body, without the key.
  static func make(_ body: [UInt8], key: APIKey?) -> Reply {
    let text = kept(of: body)
    return Reply(
      answer: Answer(text: key?.removed(fromAnswer: text) ?? text, finish: .malformed),
      usage: Usage())
  }

  /// The body as text with bad UTF-8 replaced, cut between characters.
  private static func kept(of body: [UInt8]) -> String {
    // A replacement character is longer than the byte it stands for, so the cut comes last.
    let text = String(decoding: body.prefix(limit + 4), as: UTF8.self)
    var kept = String.UnicodeScalarView()
    var size = 0
    for scalar in text.unicodeScalars {
      size += UTF8.width(scalar)
      guard size <= limit else { break }
      kept.append(scalar)
    }
    return String(kept)
  }
}
