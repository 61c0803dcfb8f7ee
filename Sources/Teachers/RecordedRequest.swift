package import ArtifactStore
package import CanonicalJSON

/// Why a line is no call, in words.
package struct CallFormError: Error, Hashable {
  package let message: String

  init(_ message: String) { self.message = message }
}

/// A request as a call's line records it, checked member by member.
package enum RecordedRequest {
  private static let required: Set = [
    "builder", "draw", "messages", "model", "provider", "task", "try",
  ]
  private static let optional: Set = [
    "body", "inputs", "max-tokens", "revision", "schema", "temperature", "top-p",
  ]

  /// The key of a request as it is recorded.
  static func key(_ json: JSON?) throws(CallFormError) -> CallKey {
    guard let json else { throw CallFormError("it has no request") }
    let request = try request(json)
    return CallKey(
      of: request, canonicalInputs: request.inputs?.canonicalBytes[...],
      builder: try count(json["builder"], "builder", atLeast: 1))
  }

  /// The request that was recorded, whatever program built it.
  package static func request(_ json: JSON) throws(CallFormError) -> CallRequest {
    let object = try members(json, required, optional, of: "the request")
    var messages: [Message] = []
    guard let list = object["messages"]?.array, !list.isEmpty else {
      throw CallFormError("its request has no messages")
    }
    for message in list {
      let parts = try members(message, ["role", "text"], [], of: "a message")
      guard let role = parts["role"]?.string.flatMap(Message.Role.init(rawValue:)) else {
        throw CallFormError("a message of its request has no known role")
      }
      messages.append(Message(role, try text(parts["text"], "text")))
    }
    var request = CallRequest(
      task: try text(object["task"], "task", isEmptyAllowed: false),
      provider: try text(object["provider"], "provider", isEmptyAllowed: false),
      model: try text(object["model"], "model", isEmptyAllowed: false), messages: messages,
      draw: try text(object["draw"], "draw"), attempt: try count(object["try"], "try"))
    if let value = object["revision"] { request.revision = try text(value, "revision") }
    if let value = object["schema"] { request.schema = try text(value, "schema") }
    for (name, place) in [("inputs", \CallRequest.inputs), ("body", \CallRequest.extraBody)] {
      guard let value = object[name] else { continue }
      guard value.object != nil else { throw CallFormError("its '\(name)' is no object") }
      request[keyPath: place] = value
    }
    request.sampling.temperature = try number(object["temperature"], "temperature", 0...(.infinity))
    request.sampling.topP = try number(object["top-p"], "top-p", 0...1)
    if let value = object["max-tokens"] {
      request.sampling.maxTokens = try count(value, "max-tokens", atLeast: 1)
    }
    return request
  }

  /// The members of an object that must have some, may have others, and has no more.
  static func members(
    _ json: JSON, _ required: Set<String>, _ optional: Set<String>, of what: String
  ) throws(CallFormError) -> JSONObject {
    guard let object = json.object else { throw CallFormError("\(what) is no JSON object") }
    for name in object.names where !required.contains(name) && !optional.contains(name) {
      throw CallFormError("\(what) has a member '\(name.prefix(40))', which no call has")
    }
    for name in required.sorted() where object[name] == nil {
      throw CallFormError("\(what) has no member '\(name)'")
    }
    return object
  }

  static func text(
    _ json: JSON?, _ name: String, isEmptyAllowed: Bool = true
  ) throws(CallFormError) -> String {
    guard let text = json?.string, isEmptyAllowed || !text.isEmpty else {
      throw CallFormError("its '\(name)' is no text")
    }
    return text
  }

  static func count(
    _ json: JSON?, _ name: String, atLeast least: Int = 0
  ) throws(CallFormError) -> Int {
    guard let count = json?.int, count >= least, count <= 1 << 53 else {
      throw CallFormError("its '\(name)' is no count")
    }
    return count
  }

  private static func number(
    _ json: JSON?, _ name: String, _ range: ClosedRange<Double>
  ) throws(CallFormError) -> Double? {
    guard let json else { return nil }
    guard let number = json.double, range.contains(number) else {
      throw CallFormError("its '\(name)' is no number in the range")
    }
    return number
  }
}

/// Takes a line from elsewhere for a call, if it is one.
package enum ForeignCall {
  /// The record of a line with its key.
  ///
  /// Another order of members or other white space does not matter: the canonical form is kept.
  package static func record(
    _ line: [UInt8]
  ) throws(CallFormError) -> (record: Record, key: Digest) {
    let json: JSON
    do throws(JSONError) {
      json = try JSON(parsing: line)
    } catch {
      throw CallFormError("it is not JSON: \(error.message) at byte \(error.offset)")
    }
    let call = try RecordedRequest.members(
      json, ["answer", "key", "request", "usage"], [], of: "the line")
    let answer = try RecordedRequest.members(
      call["answer"] ?? .null, ["finish", "text"], [], of: "the answer")
    guard answer["finish"]?.string.flatMap(Answer.Finish.init(rawValue:)) != nil else {
      throw CallFormError("its answer ends in no known way")
    }
    _ = try RecordedRequest.text(answer["text"], "text")
    let usage = try RecordedRequest.members(
      call["usage"] ?? .null, ["input", "output"], [], of: "the usage")
    for name in ["input", "output"] { _ = try RecordedRequest.count(usage[name], name) }
    let key = try RecordedRequest.key(call["request"])
    guard call["key"]?.string == key.description else {
      throw CallFormError("its key is not that of its request, which is \(key)")
    }
    let record = Record(.calls, json)
    guard record.line.count <= Shard.maximumLineSizeInBytes else {
      throw CallFormError("it is longer than \(Shard.maximumLineSizeInBytes) bytes")
    }
    return (record, key.digest)
  }
}
