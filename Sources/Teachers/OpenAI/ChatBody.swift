import CanonicalJSON

/// The body of a chat completions request.
enum ChatBody {
  /// The name that goes with a response schema.
  ///
  /// It is the same for all tasks, since a task's name is not in the call key.
  static let schemaName = "answer"

  /// Writes the body, its members in a fixed order and the schema's as written.
  ///
  /// - Throws: ``TeacherError`` with code `unusable` for a schema that is not JSON.
  static func bytes(for request: CallRequest) throws(TeacherError) -> [UInt8] {
    Array(try json(for: request).text.utf8)
  }

  private static func json(for request: CallRequest) throws(TeacherError) -> JSON {
    let messages = request.messages.map { message -> JSON in
      ["role": .string(message.role.rawValue), "content": .string(message.text)]
    }
    var body = JSONObject([("model", .string(request.model)), ("messages", .array(messages))])
    body["temperature"] = request.sampling.temperature.map(JSON.number)
    body["top_p"] = request.sampling.topP.map(JSON.number)
    body["max_tokens"] = request.sampling.maxTokens.map { JSON($0) }
    body["seed"] = JSON(CallKey(of: request).seed)
    body["response_format"] = try request.schema.map(responseFormat)
    body["stream"] = false
    return .object(body)
  }

  private static func responseFormat(_ schema: String) throws(TeacherError) -> JSON {
    let parsed: JSON
    do {
      parsed = try JSON(parsing: schema)
    } catch {
      throw TeacherError(
        .unusable, "the response schema is not JSON: \(error.message) at byte \(error.offset)")
    }
    return [
      "type": "json_schema",
      "json_schema": ["name": .string(schemaName), "strict": true, "schema": parsed],
    ]
  }
}
