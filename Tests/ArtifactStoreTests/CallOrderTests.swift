import Testing

@testable import ArtifactStore

@Suite("The order of calls in their shards")
struct CallOrderTests {
  private static func line(_ draw: String, answer: String = "x") -> [UInt8] {
    Array(
      (#"{"answer":{"finish":"stop","text":"\#(answer)"},"key":"00","request":{"builder":1,"#
        + #""draw":"\#(draw)","messages":[]},"usage":{"input":1,"output":2}}"#).utf8)
  }

  @Test("calls of a slot stand together, in the order in which they came")
  func slots() {
    let calls = [
      ("slot 12 attempt 0", 1), ("slot 3 attempt 1", 2), ("node a3", 3), ("slot 12 attempt 0", 4),
      ("plan", 5), ("slot 3 attempt 0", 6), ("slot 100 attempt 0", 7), ("", 8),
    ]
    let sorted = CallOrder.sorted(calls) { Self.line($0.0) }
    #expect(sorted.map(\.1) == [5, 8, 2, 3, 6, 1, 4, 7])
  }

  @Test("what an answer says, and a line of another form, count for nothing")
  func hostile() {
    #expect(CallOrder.number(in: Self.line("slot 7", answer: #",\"draw\":\"slot 9"#)) == 7)
    #expect(CallOrder.number(in: Array("{}".utf8)) == 0)
    #expect(CallOrder.number(in: []) == 0)
    #expect(CallOrder.number(in: Array(#"{"a":1,"draw":"12"#.utf8)) == 12)
    #expect(CallOrder.number(in: Self.line(String(repeating: "9", count: 40))) < 1 << 63)
  }
}
