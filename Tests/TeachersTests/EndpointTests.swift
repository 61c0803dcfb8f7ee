import Testing

@testable import Teachers

@Suite("Endpoint")
struct EndpointTests {
  private static let outcomes: [Endpoint.Outcome] = [.overloaded, .unanswered]

  /// Has as many requests as may go fail together, a second after they went out.
  private func fail(_ endpoint: inout Endpoint, at sentAt: Double, _ outcome: Endpoint.Outcome) {
    var count = 0
    while endpoint.wait(tokens: 1, now: sentAt) == 0 {
      endpoint.enter(tokens: 1, now: sentAt)
      count += 1
    }
    for _ in 0..<count {
      endpoint.leave(outcome, estimate: 1, sentAt: sentAt, pause: nil, now: sentAt + 1)
    }
  }

  @Test(
    "a server that answers nobody is left alone for ever longer, by how often it was asked in vain",
    arguments: outcomes)
  func pauses(outcome: Endpoint.Outcome) {
    var endpoint = Endpoint(Endpoint.Limits(concurrency: 16))
    var now = 0.0
    var waits: [Double] = []
    for _ in 0..<8 {
      fail(&endpoint, at: now, outcome)
      let wait = endpoint.wait(tokens: 1, now: now + 1) ?? -1
      waits.append(wait)
      now += 1 + wait
    }
    #expect(waits == [0.5, 1, 2, 4, 8, 16, 30, 30])
  }

  @Test("an answer ends that", arguments: outcomes)
  func answer(outcome: Endpoint.Outcome) {
    var endpoint = Endpoint(Endpoint.Limits(concurrency: 16))
    fail(&endpoint, at: 0, outcome)
    endpoint.enter(tokens: 1, now: 2)
    endpoint.leave(.answered(tokens: 1), estimate: 1, sentAt: 2, pause: nil, now: 3)
    #expect(endpoint.wait(tokens: 1, now: 3) == 0)
    fail(&endpoint, at: 3, outcome)
    #expect(endpoint.wait(tokens: 1, now: 4) == 0.5)
  }

  @Test("a few failures, and what says nothing of the server, begin no pause")
  func noPause() {
    var endpoint = Endpoint(Endpoint.Limits(concurrency: 4))
    fail(&endpoint, at: 0, .unanswered)
    #expect(endpoint.wait(tokens: 1, now: 1) == 0)
    for _ in 0..<4 { fail(&endpoint, at: 1, .other) }
    #expect(endpoint.wait(tokens: 1, now: 2) == 0)
  }
}
