package import ArtifactStore
package import CanonicalJSON

/// A request with its complete answer, as the store keeps it.
package struct RecordedCall: Sendable, Hashable {
  package let id: RecordID
  package let answer: Answer
  package let usage: Usage
  /// Whether no model was asked for it this time.
  package var isCached: Bool

  /// Makes a call of its parts.
  package init(id: RecordID, answer: Answer, usage: Usage, isCached: Bool) {
    self.id = id
    self.answer = answer
    self.usage = usage
    self.isCached = isCached
  }

  /// Makes the record of a fresh reply.
  package static func record(_ request: CallRequest, reply: Reply) -> Record {
    CallText.record(RequestForm(request), reply)
  }

  /// Takes a fresh reply with its record.
  init(_ record: Record, reply: Reply) {
    id = record.id
    answer = reply.answer
    usage = reply.usage
    isCached = false
  }

  /// Whether a record's request is a request, its task's name aside, which is in no key.
  static func isAnswer(_ record: Record, to request: CallRequest) throws(StoreError) -> Bool {
    guard var recorded = try record.value()["request"]?.object,
      var asked = request.json.object
    else { return false }
    recorded["task"] = nil
    asked["task"] = nil
    return recorded == asked
  }

  /// Reads a call's record.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` when a member is missing.
  package init(_ record: Record, isCached: Bool) throws(StoreError) {
    let value = try record.value()
    guard let text = value["answer"]?["text"]?.string,
      let finish = value["answer"]?["finish"]?.string.flatMap(Answer.Finish.init(rawValue:))
    else { throw StoreError(.corrupt, "call '\(record.id)' has no answer") }
    id = record.id
    answer = Answer(text: text, finish: finish)
    usage = Usage(
      inputTokens: value["usage"]?["input"]?.int ?? 0,
      outputTokens: value["usage"]?["output"]?.int ?? 0)
    self.isCached = isCached
  }
}

extension CallRequest {
  /// The form in which a request is recorded.
  package var json: JSON {
    var object = JSONObject([
      ("builder", JSON(CallRequest.builderVersion)),
      ("draw", .string(draw)),
      (
        "messages",
        .array(messages.map { ["role": .string($0.role.rawValue), "text": .string($0.text)] })
      ),
      ("model", .string(model)),
      ("provider", .string(provider)),
      ("task", .string(task)),
      ("try", JSON(attempt)),
    ])
    object["body"] = extraBody
    object["inputs"] = inputs
    object["max-tokens"] = sampling.maxTokens.map { JSON($0) }
    object["revision"] = revision.map { .string($0) }
    object["schema"] = schema.map { .string($0) }
    object["temperature"] = sampling.temperature.map { .number($0) }
    object["top-p"] = sampling.topP.map { .number($0) }
    return .object(object)
  }
}
