import CanonicalJSON
import Starters

@testable import ArtifactStore
@testable import Dataset
@testable import JSONSchema
@testable import Simula
@testable import Teachers

extension FuzzTarget {
  /// The bytes are tried as the body of a response, and as what a model says in one.
  static let answer = FuzzTarget(
    name: "answer",
    words: [
      #""choices":[{"#, #""message":{"#, #""content":"#, #""refusal":"#, #""finish_reason":"#,
      #""usage":{"#, #""prompt_tokens":"#, "```json\n", "\n```", "length", "content_filter", secret,
      #""type":"text""#, #""error":{"message":"#, "insufficient_quota",
    ],
    seeds: {
      let said = #"{"question":"1 + 1?","solution":"it is 2","answer":2}"#
      return [
        body(said, finish: "stop"), body("```json\n\(said)\n```", finish: "length"),
        said, "```\n[1]\n```",
        #"{"error":{"message":"no \#(secret)","code":"insufficient_quota"}}"#,
        #"{"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"refusal"}]}}]}"#,
        "Sun, 06 Nov 1994 08:49:37 GMT", "1.5",
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      let key = APIKey(secret)
      let reply = ChatCompletions().reply(in: try? JSON(parsing: bytes), body: bytes, key: key)
      expect(!reply.answer.text.contains(secret), "an answer holds the key")
      expect(
        reply.answer.finish != .malformed
          || reply.answer.text.utf8.count <= MalformedReply.limit, "too much is kept")
      let record = RecordedCall.record(request, reply: reply)
      let call = expectNoThrow("a recorded call is read") {
        try RecordedCall(try Record(.calls, line: record.line), isCached: true)
      }
      expect(call.id == record.id && call.usage == reply.usage, "a call changes")
      expect(call.answer.text.utf8.elementsEqual(reply.answer.text.utf8), "an answer changes")
      let message = ErrorText.serverMessage(in: bytes, key: key)
      expect(message.count <= ErrorText.limit && !message.contains(secret), "a message is no line")
      let text = String(decoding: bytes, as: UTF8.self)
      _ = ErrorText.errorCode(in: bytes)
      _ = RetryAfter.wait(now: 0) { $0 == "retry-after-ms" ? nil : text }
      read(reply.answer)
      read(Answer(text: text, finish: .stop))
    })

  private static let secret = "sk-0123456789abcdef"

  private static func body(_ text: String, finish: String) -> String {
    let json: JSON = [
      "choices": [["message": ["content": .string(text)], "finish_reason": .string(finish)]],
      "usage": ["prompt_tokens": 10, "completion_tokens": 4],
    ]
    return json.text
  }

  private static let request = CallRequest(
    task: "generate", provider: "openai", model: "m", messages: [Message(.user, "a")], draw: "1")

  private static let form = expectNoThrow("the starter's samples have a form") {
    let recipe = try Recipe(parsing: Starter.all[0].recipe) { _ in nil }
    return try SampleForm(recipe.sample)
  }

  private static func read(_ answer: Answer) {
    guard let value = try? AnswerReader.json(answer) else { return }
    _ = SampleForm.normalized(value)
    guard let sample = try? form.checked(value) else { return }
    _ = (form.visible(sample), form.question(sample), form.answer(sample))
  }

  /// A schema on the first line, and a document behind it.
  static let schema = FuzzTarget(
    name: "schema",
    words: Keywords.known.sorted().map { "\"\($0)\":" } + Keywords.types.map { "\"\($0)\"" }
      + ["#/definitions/a", "date-time", "ipv6", "email", "hostname", "uri", "regex", "1e-9"],
    seeds: {
      let document = #"{"a":"aab","b":[1,2,{"c":null}],"answer":2.5}"#
      return [
        form.shape.schema, AnswerSchemas.plan,
        AnswerSchemas.strategies(paths: ["a > b"], atMost: 3),
        #"{"type":"object","properties":{"a":{"type":"string","pattern":"^(a|b)+$","maxLength":9},"#
          + ##""b":{"type":"array","items":{"$ref":"#/definitions/x"},"uniqueItems":true}},"##
          + #""definitions":{"x":{"anyOf":[{"type":"integer"},{"minProperties":1}]}}}"#,
        #"{"if":{"required":["a"]},"then":{"not":{"const":3}},"else":false,"propertyNames":"#
          + #"{"format":"email"},"patternProperties":{"[a-z]{2,3}":{"multipleOf":0.1}}}"#,
        #"{"properties":{"a":{"format":"date-time"},"b":{"contains":{"enum":[1,{"c":null}]}}}}"#,
      ].map { Array("\($0)\n\(document)".utf8) }
    },
    check: { bytes in
      let end = bytes.firstIndex(of: 0x0A) ?? bytes.count
      let text = String(decoding: bytes[..<end], as: UTF8.self)
      guard let schema = try? SchemaValidator(schema: text),
        let document = try? JSON(parsing: Array(bytes[end...]))
      else { return }
      let violations = schema.validate(document)
      expect(violations.count <= SchemaValidator.maximumViolations, "too much is told")
      for violation in violations {
        expect(violation.unicodeScalars.count <= 300, "a violation is told at length")
      }
      expect(schema.validate(document) == violations, "a document is judged in two ways")
    })
}
