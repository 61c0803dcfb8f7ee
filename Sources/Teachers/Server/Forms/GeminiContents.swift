import CanonicalJSON

/// Gemini's generateContent.
struct GeminiContents: WireForm {
  func path(of request: CallRequest) -> String {
    "/models/\(ServerURL.step(request.model)):generateContent"
  }

  func headers(key: APIKey?) -> [(name: String, value: String)] {
    key.map { [("x-goog-api-key", $0.plain)] } ?? []
  }

  func body(of form: RequestForm) throws(TeacherError) -> [UInt8] {
    let request = form.request
    func content(_ text: String) -> JSON { ["parts": [["text": .string(text)]]] }
    let system = request.messages.filter { $0.role == .system }.map(\.text)
    let contents = request.messages.filter { $0.role != .system }.map { message -> JSON in
      let role: JSON = message.role == .assistant ? "model" : "user"
      return ["role": role, "parts": [["text": .string(message.text)]]]
    }
    var body = JSONObject()
    if !system.isEmpty { body["systemInstruction"] = content(system.joined(separator: "\n\n")) }
    body["contents"] = .array(contents)
    var generation = JSONObject()
    generation["temperature"] = request.sampling.temperature.map(JSON.number)
    generation["topP"] = request.sampling.topP.map(JSON.number)
    generation["maxOutputTokens"] = request.sampling.maxTokens.map { JSON($0) }
    generation["seed"] = JSON(CallKey(of: request).seed)
    if let schema = try schema(of: request) {
      generation["responseMimeType"] = "application/json"
      generation["responseJsonSchema"] = schema
    }
    body["generationConfig"] = .object(generation)
    return bytes(.object(body), for: request)
  }

  func isAnswer(_ json: JSON) -> Bool { json["candidates"] != nil || json["error"] == nil }

  /// | `finishReason`, or none and a `blockReason` | finish |
  /// | --- | --- |
  /// | MAX_TOKENS | length |
  /// | SAFETY, RECITATION, BLOCKLIST, PROHIBITED_CONTENT, SPII, and a blocked prompt | filtered |
  /// | any other | stop |
  func reply(in json: JSON) -> Reply? {
    let usage = json["usageMetadata"]
    let used = Usage(
      inputTokens: count(usage?["promptTokenCount"]),
      // What the model thinks is charged as output.
      outputTokens: count(usage?["candidatesTokenCount"]) + count(usage?["thoughtsTokenCount"]))
    guard let candidate = json["candidates"]?.array?.first else {
      let isBlocked = json["promptFeedback"]?["blockReason"]?.string != nil
      return isBlocked ? Reply(answer: Answer(text: "", finish: .filtered), usage: used) : nil
    }
    let parts = candidate["content"]?["parts"]?.array ?? []
    let texts = parts.filter { $0["thought"]?.bool != true }.compactMap { $0["text"]?.string }
    let finish: Answer.Finish =
      switch candidate["finishReason"]?.string {
      case "MAX_TOKENS": .length
      case "SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII": .filtered
      default: .stop
      }
    guard !texts.isEmpty || finish != .stop else { return nil }
    return Reply(answer: Answer(text: texts.joined(), finish: finish), usage: used)
  }
}
