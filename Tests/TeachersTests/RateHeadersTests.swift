import Testing

@testable import Teachers

@Suite("Rate headers")
struct RateHeadersTests {
  private static let now = 1_700_000_000  // 2023-11-14T22:13:20Z

  private func pause(_ headers: [String: String]) -> Duration? {
    RateHeaders.pause(now: Self.now) { headers[$0] }
  }

  @Test("a limit with nothing left is waited out, in each provider's form")
  func spent() {
    #expect(
      pause(["x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m2.5s"])
        == .milliseconds(62_500))
    #expect(
      pause([
        "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "20ms",
        "x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "6s",
      ]) == .seconds(6))
    #expect(
      pause([
        "anthropic-ratelimit-output-tokens-remaining": "0",
        "anthropic-ratelimit-output-tokens-reset": "2023-11-14T22:13:50Z",
      ]) == .seconds(30))
  }

  @Test("a limit of which something is left, or that says nothing readable, is no reason to wait")
  func notSpent() {
    #expect(pause([:]) == nil)
    #expect(
      pause(["x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "1m"]) == nil)
    #expect(pause(["x-ratelimit-remaining-requests": "0"]) == nil)
    for text in ["", "soon", "1x", "s", "1.2.3s", String(repeating: "1s", count: 100)] {
      #expect(
        pause(["x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": text]) == nil,
        "\(text)")
    }
    #expect(
      pause([
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "tomorrow",
      ]) == nil)
  }

  @Test("no wait is longer than an hour, and none is before now")
  func bounds() {
    #expect(
      pause(["x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "9999999h"])
        == .seconds(3600))
    #expect(
      pause([
        "anthropic-ratelimit-requests-remaining": "0",
        "anthropic-ratelimit-requests-reset": "1970-01-01T00:00:00Z",
      ]) == .zero)
  }
}
