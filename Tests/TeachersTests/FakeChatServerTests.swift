import TestSupport
import Testing

@testable import Teachers

@Suite("FakeChatServer")
struct FakeChatServerTests {
  @Test("the echo is a function of the body alone")
  func echo() {
    #expect(FakeChatServer.echo(of: []) == #"{"echo":"cbf29ce484222325"}"#)
    #expect(FakeChatServer.echo(of: Array("a".utf8)) == #"{"echo":"af63dc4c8601ec8c"}"#)
  }

  @Test("requests are kept in the order they came, with what they hold")
  func keepsRequests() async throws {
    try await withBench(script: { .echo(of: $0) }) { bench in
      for prompt in ["first", "second"] { _ = try await bench.teacher.reply(to: request(prompt)) }
      #expect(bench.server.requests.map(\.index) == [0, 1])
      #expect(bench.server.requests.map(\.prompt) == ["first", "second"])
      #expect(bench.server.maxInFlight == 1)
    }
  }
}
