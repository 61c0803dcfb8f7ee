import CanonicalJSON

/// Anthropic's messages.
struct AnthropicMessages: WireForm {
  /// The version of the protocol that this code speaks.
  static let version = "2023-06-01"
  /// The protocol wants a limit in every request.
  private static let defaultMaxTokens = 4096

  func path(of request: CallRequest) -> String { "/messages" }

  func headers(key: APIKey?) -> [(name: String, value: String)] {
    var headers = [(name: "anthropic-version", value: Self.version)]
    if let key { headers.append(("x-api-key", key.plain)) }
    return headers
  }

  func body(of form: RequestForm) throws(TeacherError) -> [UInt8] {
    let request = form.request
    let system = request.messages.filter { $0.role == .system }.map(\.text)
    let messages = request.messages.filter { $0.role != .system }.map { message -> JSON in
      ["role": .string(message.role.rawValue), "content": .string(message.text)]
    }
    var body = JSONObject([
      ("model", .string(request.model)),
      ("max_tokens", JSON(request.sampling.maxTokens ?? Self.defaultMaxTokens)),
    ])
    if !system.isEmpty { body["system"] = .string(system.joined(separator: "\n\n")) }
    body["messages"] = .array(messages)
    // It goes to 1 where others go to 2.
    body["temperature"] = request.sampling.temperature.map { .number(min($0, 1)) }
    body["top_p"] = request.sampling.topP.map(JSON.number)
    body["output_config"] = try schema(of: request).map { schema in
      ["format": ["type": "json_schema", "schema": schema]]
    }
    return bytes(.object(body), for: request)
  }

  func isAnswer(_ json: JSON) -> Bool { json["type"]?.string != "error" }

  /// | `stop_reason` | finish |
  /// | --- | --- |
  /// | max_tokens, model_context_window_exceeded | length |
  /// | refusal | refusal |
  /// | any other | stop |
  func reply(in json: JSON) -> Reply? {
    guard let blocks = json["content"]?.array else { return nil }
    let texts = blocks.filter { $0["type"]?.string == "text" }.compactMap { $0["text"]?.string }
    let finish: Answer.Finish =
      switch json["stop_reason"]?.string {
      case "max_tokens", "model_context_window_exceeded": .length
      case "refusal": .refusal
      default: .stop
      }
    guard !texts.isEmpty || finish != .stop else { return nil }
    let usage = json["usage"]
    let input = ["input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"]
      .reduce(0) { $0 + count(usage?[$1]) }
    return Reply(
      answer: Answer(text: texts.joined(), finish: finish),
      usage: Usage(inputTokens: input, outputTokens: count(usage?["output_tokens"])))
  }
}
