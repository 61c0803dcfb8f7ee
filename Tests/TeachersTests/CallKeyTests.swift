import CanonicalJSON
import Testing

@testable import Teachers

@Suite("CallKey")
struct CallKeyTests {
  struct Change: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let apply: @Sendable (inout CallRequest) -> Void

    init(_ name: String, _ apply: @escaping @Sendable (inout CallRequest) -> Void) {
      testDescription = name
      self.apply = apply
    }
  }

  static let full = CallRequest(
    task: "write-sample", provider: "openai", model: "gpt-5-mini", revision: "2026-01-01",
    messages: [Message(.system, "Be brief."), Message(.user, "Write one problem.")],
    sampling: Sampling(temperature: 0.7, topP: 0.95, maxTokens: 512),
    schema: #"{"type":"object","properties":{"b":{},"a":{}}}"#, inputs: ["topic": "trains"],
    draw: "slot 12", attempt: 1)

  static let changes = [
    Change("provider") { $0.provider = "embedded" },
    Change("model") { $0.model = "gpt-5" },
    Change("revision") { $0.revision = "2026-01-02" },
    Change("revision absent") { $0.revision = nil },
    Change("revision empty") { $0.revision = "" },
    Change("message text") { $0.messages[1] = Message(.user, "Write one problem!") },
    Change("message role") { $0.messages[1] = Message(.assistant, "Write one problem.") },
    Change("message order") { $0.messages.reverse() },
    Change("message added") { $0.messages.append(Message(.user, "")) },
    Change("message removed") { $0.messages.removeLast() },
    Change("messages joined") {
      $0.messages = [Message(.system, "Be brief.userWrite one problem.")]
    },
    Change("temperature") { $0.sampling.temperature = 0.8 },
    Change("temperature zero") { $0.sampling.temperature = 0 },
    Change("temperature absent") { $0.sampling.temperature = nil },
    Change("top-p") { $0.sampling.topP = 0.9 },
    Change("top-p absent") { $0.sampling.topP = nil },
    Change("max-tokens") { $0.sampling.maxTokens = 513 },
    Change("max-tokens absent") { $0.sampling.maxTokens = nil },
    Change("schema property order") {
      $0.schema = #"{"type":"object","properties":{"a":{},"b":{}}}"#
    },
    Change("schema absent") { $0.schema = nil },
    Change("inputs") { $0.inputs = ["topic": "boats"] },
    Change("inputs absent") { $0.inputs = nil },
    Change("inputs null") { $0.inputs = .null },
    Change("draw") { $0.draw = "slot 13" },
    Change("try") { $0.attempt = 2 },
  ]

  @Test("a change of anything that can change the answer moves the key", arguments: changes)
  func moves(change: Change) {
    var request = CallKeyTests.full
    change.apply(&request)
    #expect(CallKey(of: request) != CallKey(of: CallKeyTests.full))
  }

  @Test("no two changes meet in one key")
  func distinct() {
    let keys = CallKeyTests.changes.map { change in
      var request = CallKeyTests.full
      change.apply(&request)
      return CallKey(of: request)
    }
    #expect(Set(keys).count == CallKeyTests.changes.count)
  }

  @Test("the task's name does not move the key")
  func taskIsNotInIt() {
    var request = CallKeyTests.full
    request.task = "another-task"
    #expect(CallKey(of: request) == CallKey(of: CallKeyTests.full))
  }

  @Test("the order of an input's members does not move the key")
  func inputOrder() {
    var left = CallKeyTests.full
    var right = CallKeyTests.full
    left.inputs = ["a": 1, "b": 2]
    right.inputs = ["b": 2, "a": 1]
    #expect(CallKey(of: left) == CallKey(of: right))
  }

  @Test("the fields and their order are those of the format")
  func fields() {
    var names: [String] = []
    CallKey.visitFields(of: CallKeyTests.full) { name, _ in names.append(name) }
    #expect(
      names == [
        "builder", "provider", "model", "revision", "messages", "temperature", "top-p",
        "max-tokens", "schema", "inputs", "draw", "try",
      ])
  }

  @Test("a known request has the key it always had")
  func knownAnswer() {
    let key = CallKey(of: CallKeyTests.full)
    #expect(
      key.description == "ac288cb80b1660997872515c3c371047d67dbe025f5d1e6ac942511dbf900f82")
    #expect(key.seed == 1_066_405_762)
  }
}
