import CanonicalJSON

/// Reads the body of a chat completion.
enum ChatAnswer {
  /// The most bytes that are kept of a body that is no chat completion.
  static let malformedLimit = 64 << 10

  /// Reads an answer out of a complete response of success; it never fails.
  ///
  /// | body | finish | text |
  /// | --- | --- | --- |
  /// | a refusal | refusal | what it says |
  /// | content, `finish_reason` length | length | the content |
  /// | content, `finish_reason` content_filter | filtered | the content |
  /// | content, any other `finish_reason` or none | stop | the content |
  /// | no content, cut or filtered | length or filtered | empty |
  /// | anything else | malformed | the body, up to ``malformedLimit`` |
  static func reply(in body: [UInt8], key: APIKey?) -> Reply {
    let json = try? JSON(parsing: body)
    let answer = json.flatMap(answer(in:)) ?? Answer(text: kept(of: body), finish: .malformed)
    let text = key?.removed(fromAnswer: answer.text) ?? answer.text
    return Reply(
      answer: Answer(text: text, finish: answer.finish), usage: usage(json?["usage"]))
  }

  private static func answer(in json: JSON) -> Answer? {
    guard let choice = json["choices"]?.array?.first, let message = choice["message"] else {
      return nil
    }
    let content = Content(message["content"])
    if let refusal = message["refusal"]?.string ?? content.refusal, !refusal.isEmpty {
      return Answer(text: refusal, finish: .refusal)
    }
    let finish: Answer.Finish =
      switch choice["finish_reason"]?.string {
      case "length": .length
      case "content_filter": .filtered
      default: .stop
      }
    if let text = content.text { return Answer(text: text, finish: finish) }
    // A model that thinks first can be cut before it says anything.
    return finish == .stop ? nil : Answer(text: "", finish: finish)
  }

  /// What a message says: a string, or parts of which the texts are joined.
  private struct Content {
    var text: String?
    var refusal: String?

    init(_ json: JSON?) {
      text = json?.string
      for part in json?.array ?? [] {
        switch part["type"]?.string {
        case "text": text = (text ?? "") + (part["text"]?.string ?? "")
        case "refusal": refusal = part["refusal"]?.string
        default: continue
        }
      }
    }
  }

  private static func usage(_ json: JSON?) -> Usage {
    Usage(
      inputTokens: max(0, json?["prompt_tokens"]?.int ?? 0),
      outputTokens: max(0, json?["completion_tokens"]?.int ?? 0))
  }

  /// The body as text with bad UTF-8 replaced, cut between characters.
  private static func kept(of body: [UInt8]) -> String {
    // A replacement character is longer than the byte it stands for, so the cut comes last.
    let text = String(decoding: body.prefix(malformedLimit + 4), as: UTF8.self)
    var kept = String.UnicodeScalarView()
    var size = 0
    for scalar in text.unicodeScalars {
      size += UTF8.width(scalar)
      guard size <= malformedLimit else { break }
      kept.append(scalar)
    }
    return String(kept)
  }
}
