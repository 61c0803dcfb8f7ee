import Foundation
import TestSupport
import Testing

/// A body of a hundred megabytes, and what a run must say about it.
struct LargeBody: Sendable, CustomTestStringConvertible {
  private static let size = 100 << 20

  let name: String
  let behaviour: FakeChatServer.Behaviour
  let message: String
  var testDescription: String { name }

  static let all = [
    LargeBody(
      name: "an answer", behaviour: .huge(size), message: "is larger than 16777216 bytes"),
    LargeBody(
      name: "an answer that says how long it is",
      behaviour: .huge(size, isLengthDeclared: true),
      message: "is larger than 16777216 bytes"),
    LargeBody(
      name: "a failure", behaviour: .huge(size, status: 400),
      message: "rejected the request for 'fake-1' (status 400): xxx"),
    LargeBody(
      name: "a failure that says how long it is",
      behaviour: .huge(size, status: 404, isLengthDeclared: true),
      message: "does not know the model 'fake-1' or the path (status 404): xxx"),
  ]
}

@Suite("bodies of a hundred megabytes")
struct LargeBodyTests {
  @Test(
    "they end the run with what was too large, and are never in memory", arguments: LargeBody.all)
  func largeBody(body: LargeBody) async throws {
    let isBroken = Switch()
    isBroken.isOn = true
    let script = SimulaScript { _, _, count in count >= 12 && isBroken.isOn ? body.behaviour : nil }
    try await withServerDataset(script, FaultyRun.change) { dataset, _, server in
      var measured = dataset.stemma
      let file = dataset.directory.deletingLastPathComponent().appending(path: "kilobytes")
      measured.wrapper = ["/usr/bin/time", "-f", "%M", "-o", file.path(percentEncoded: false)]
      let output = try await measured.run(["run"])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains(body.message), "\(output.errorText)")
      let text = try String(contentsOf: file, encoding: .utf8)
      let kilobytes = try #require(text.split(separator: "\n").last.flatMap { Int($0) })
      #expect(kilobytes < 200 << 10)
      await server.waitUntilIdle()
      // What was under way when the run ended was given up.
      isBroken.isOn = false
      try await dataset.run()
      try await FaultyRun.expectWhole(dataset, script, lost: FaultyRun.concurrency)
    }
  }
}
