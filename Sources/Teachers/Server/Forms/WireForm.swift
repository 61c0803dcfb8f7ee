import CanonicalJSON

/// How requests and answers look to one kind of server.
protocol WireForm: Sendable {
  /// What follows the base URL.
  func path(of request: CallRequest) -> String
  /// The headers that carry the key and the version of the protocol.
  func headers(key: APIKey?) -> [(name: String, value: String)]
  /// The body of a request, its members in a fixed order and the schema's as written.
  func body(of form: RequestForm) throws(TeacherError) -> [UInt8]
  /// The answer in the body of a response of success; nil when the body is not what the protocol says.
  func reply(in json: JSON) -> Reply?
  /// Whether a body of success is the report of a failure, as gateways send one.
  func isAnswer(_ json: JSON) -> Bool
}

extension WireForm {
  /// Reads the body of a complete response of success; it never fails.
  ///
  /// - Parameters:
  ///   - json: The body, where it is JSON.
  ///   - body: The body as it came.
  ///   - key: What must not be kept.
  /// - Returns: The answer, or one that says that the body was none.
  func reply(in json: JSON?, body: [UInt8], key: APIKey?) -> Reply {
    guard let json, let reply = reply(in: json) else {
      return MalformedReply.make(body, key: key)
    }
    let text = key?.removed(fromAnswer: reply.answer.text) ?? reply.answer.text
    return Reply(answer: Answer(text: text, finish: reply.answer.finish), usage: reply.usage)
  }

  /// The bytes of a body with what the recipe adds to it.
  func bytes(_ body: JSON, for request: CallRequest) -> [UInt8] {
    Array((request.extraBody?.object.map { body.merging($0) } ?? body).text.utf8)
  }

  /// The schema of the answer as JSON.
  func schema(of request: CallRequest) throws(TeacherError) -> JSON? {
    guard let text = request.schema else { return nil }
    do {
      return try JSON(parsing: text)
    } catch {
      throw TeacherError(
        .unusable, "the response schema is not JSON: \(error.message) at byte \(error.offset)")
    }
  }

  /// A count that a server reports, or the nearest that can be.
  func count(_ json: JSON?) -> Int { ServerCount.of(json) }
}

/// Counts that servers report.
enum ServerCount {
  private static let most = 1 << 32

  /// The count, or the nearest that can be: sums of these are numbers of JSON.
  static func of(_ json: JSON?) -> Int { min(max(0, json?.int ?? 0), most) }
}

extension JSON {
  /// Another JSON object's members over those of this one.
  func merging(_ other: JSONObject) -> JSON {
    guard var object else { return self }
    for member in other.members {
      if let inner = member.value.object, let own = object[member.name], own.object != nil {
        object[member.name] = own.merging(inner)
      } else {
        object[member.name] = member.value
      }
    }
    return .object(object)
  }
}
