import CanonicalJSON

/// Chat completions, as OpenAI and nearly every inference server speak them.
struct ChatCompletions: WireForm {
  /// The name that goes with a response schema.
  ///
  /// It is the same for all tasks, since a task's name is not in the call key.
  static let schemaName = "answer"

  /// The organisation that is charged, where the key belongs to several.
  var organisation: String?

  func path(of request: CallRequest) -> String { "/chat/completions" }

  func headers(key: APIKey?) -> [(name: String, value: String)] {
    var headers: [(name: String, value: String)] = []
    if let key { headers.append(("authorization", key.authorization)) }
    if let organisation { headers.append(("openai-organization", organisation)) }
    return headers
  }

  func body(of form: RequestForm) throws(TeacherError) -> [UInt8] {
    let request = form.request
    var writer = JSONWriter(sortsNames: false)
    writer.write(raw: #"{"model":"#)
    writer.write(string: request.model)
    writer.write(raw: #","messages":["#)
    for (index, message) in request.messages.enumerated() {
      writer.write(raw: index == 0 ? #"{"role":"# : #",{"role":"#)
      writer.write(string: message.role.rawValue)
      writer.write(raw: #","content":"#)
      writer.write(string: message.text)
      writer.write(raw: "}")
    }
    writer.write(raw: "]")
    writer.write(#","temperature":"#, request.sampling.temperature)
    writer.write(#","top_p":"#, request.sampling.topP)
    writer.write(#","max_tokens":"#, request.sampling.maxTokens.map(Double.init))
    writer.write(#","seed":"#, Double(form.key.seed))
    if let schema = try Self.schemas.compact(request.schema) {
      writer.write(raw: #","response_format":{"type":"json_schema","json_schema":{"name":"#)
      writer.write(string: Self.schemaName)
      writer.write(raw: #","strict":true,"schema":"#)
      writer.write(raw: schema)
      writer.write(raw: "}}")
    }
    writer.write(raw: #","stream":false}"#)
    guard request.extraBody != nil, let body = try? JSON(parsing: writer.bytes) else {
      return writer.bytes
    }
    return bytes(body, for: request)
  }

  /// Those that were sent before: a run has a few.
  private static let schemas = CompactSchemas()

  func isAnswer(_ json: JSON) -> Bool { json["choices"] != nil || json["error"] == nil }

  /// | body | finish | text |
  /// | --- | --- | --- |
  /// | a refusal | refusal | what it says |
  /// | content, `finish_reason` length | length | the content |
  /// | content, `finish_reason` content_filter | filtered | the content |
  /// | content, any other `finish_reason` or none | stop | the content |
  /// | no content, cut or filtered | length or filtered | empty |
  func reply(in json: JSON) -> Reply? {
    answer(in: json).map { answer in
      Reply(
        answer: answer,
        usage: Usage(
          inputTokens: count(json["usage"]?["prompt_tokens"]),
          outputTokens: count(json["usage"]?["completion_tokens"])))
    }
  }

  private func answer(in json: JSON) -> Answer? {
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
}
