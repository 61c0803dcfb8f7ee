import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma run --batch when something goes wrong")
struct BatchFaultTests {
  private static let waiting = ["run", "--batch", "--interval", "0.1"]

  @Test("looks that fail are made again, and end no waiting")
  func failedLooks() async throws {
    try await BatchTests.withBatches(
      polls: 1,
      fault: { call, count in
        guard call.hasPrefix("GET") else { return nil }
        return count % 3 == 0 ? .status(503) : count % 5 == 0 ? .cutMidBody : nil
      }
    ) { dataset, batches, _ in
      let output = try await dataset.stemma.run(Self.waiting)
      #expect(output.exitCode == 0, "\(output.errorText)")
      #expect(Set(batches.submitted).count == batches.submitted.count)
      #expect(try await dataset.datasetDigest() == BatchTests.directDigest())
    }
  }

  @Test("an hour of trouble at the server is waited for, a refusal is not")
  func refusedLook() async throws {
    let isRefusing = Switch()
    try await BatchTests.withBatches(
      polls: 100,
      fault: { call, _ in call.hasPrefix("GET") && isRefusing.isOn ? .status(401) : nil }
    ) { dataset, batches, _ in
      let begun = try await dataset.stemma.run(["run", "--batch", "--no-wait"])
      #expect(begun.exitCode == 2, "\(begun.errorText)")
      isRefusing.isOn = true
      let output = try await dataset.stemma.run(Self.waiting)
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("asks for an API key (status 401)"), "\(output.errorText)")
      #expect(batches.batchCount == 1)
    }
  }

  @Test("a batch that shows up late is waited for, not paid for twice")
  func shownLate() async throws {
    try await BatchTests.withBatches { dataset, batches, _ in
      batches.loseNextReply(hiddenLists: 2)
      let lost = try await dataset.stemma.run(["run", "--batch", "--no-wait"])
      #expect(lost.exitCode == 1, "\(lost.errorText)")
      let unknown = try await dataset.stemma.run(["run", "--batch", "--no-wait"])
      #expect(unknown.exitCode == 2, "\(unknown.errorText)")
      #expect(unknown.errorText.contains("not known yet whether the server began it"))
      let output = try await dataset.stemma.run(Self.waiting)
      #expect(output.exitCode == 0, "\(output.errorText)")
      #expect(Set(batches.submitted).count == batches.submitted.count)
      #expect(try await dataset.datasetDigest() == BatchTests.directDigest())
    }
  }

  @Test("one that never shows up is submitted again after ten minutes")
  func neverBegun() async throws {
    try await BatchTests.withBatches(
      fault: { call, count in count < 4 && call == "POST /batches" ? .cut : nil }
    ) { dataset, batches, _ in
      let lost = try await dataset.stemma.run(["run", "--batch", "--no-wait"])
      #expect(lost.exitCode == 1, "\(lost.errorText)")
      let notes = try Self.notes(dataset)
      let note = try #require(notes.first { $0.pathExtension == "json" })
      let text = try String(contentsOf: note, encoding: .utf8)
      let time = try #require(text.firstMatch(of: /"submitted":(\d+)/)?.1).description
      let earlier = String(try #require(Int(time)) - 601)
      try Data(text.replacing(time, with: earlier).utf8).write(to: note)
      let output = try await dataset.stemma.run(Self.waiting)
      #expect(output.exitCode == 0, "\(output.errorText)")
      #expect(Set(batches.submitted).count == batches.submitted.count)
      #expect(try Self.notes(dataset).isEmpty)
    }
  }

  @Test("a note of a batch that is damaged is named, and nothing is submitted in its place")
  func damagedNote() async throws {
    try await BatchTests.withBatches(polls: 100) { dataset, batches, _ in
      _ = try await dataset.stemma.run(["run", "--batch", "--no-wait"])
      let note = try #require(try Self.notes(dataset).first { $0.pathExtension == "json" })
      try Data("{".utf8).write(to: note)
      let output = try await dataset.stemma.run(Self.waiting)
      #expect(output.exitCode != 0)
      #expect(output.errorText.contains(note.lastPathComponent), "\(output.errorText)")
      #expect(output.errorText.contains("hint: remove it"))
      #expect(batches.batchCount == 1)
    }
  }

  @Test("a batch that ended meanwhile refuses its end, and is fetched all the same")
  func cancelledLate() async throws {
    try await BatchTests.withBatches { dataset, batches, _ in
      _ = try await dataset.stemma.run(["run", "--batch", "--no-wait"])
      let output = try await dataset.stemma.run(["run", "--batch", "--cancel-batches"])
      #expect(output.exitCode == 2, "\(output.errorText)")
      #expect(output.errorText.contains("fetched"), "\(output.errorText)")
      #expect(try Self.notes(dataset).isEmpty)
      #expect(batches.batchCount == 1)
    }
  }

  @Test("an answer that is too long is told of, and the others are kept")
  func oversized() async throws {
    let isHuge = Switch()
    try await BatchTests.withBatches(
      fault: { call, _ in
        guard isHuge.isOn, call.hasSuffix("/content") else { return nil }
        return .huge(40 << 20)
      }
    ) { dataset, batches, _ in
      _ = try await dataset.stemma.run(["run", "--batch", "--no-wait"])
      isHuge.isOn = true
      let output = try await dataset.stemma.run(Self.waiting)
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("is larger than"), "\(output.errorText)")
      #expect(batches.batchCount == 1)
    }
  }

  @Test("without its key a batch is told by the name of the variable")
  func keyless() async throws {
    try await BatchTests.withBatches(polls: 100, change: { $0.keyVariable = "SUMS_KEY" }) {
      dataset, batches, _ in
      var dataset = dataset
      dataset.stemma.environment["SUMS_KEY"] = "secret-1"
      let begun = try await dataset.stemma.run(["run", "--batch", "--no-wait"])
      #expect(begun.exitCode == 2, "\(begun.errorText)")
      dataset.stemma.environment["SUMS_KEY"] = nil
      let output = try await dataset.stemma.run(Self.waiting)
      #expect(output.exitCode != 0)
      #expect(output.errorText.contains("'SUMS_KEY' holds no API key"), "\(output.errorText)")
    }
  }

  @Test("gaps are filled in whole batches, and no version is partial")
  func gaps() async throws {
    let change: (inout TestRecipe) -> Void = {
      $0.more = "gap-fill: {minimum: 4, limit: 9}"
    }
    try await BatchTests.withBatches(change: change) { dataset, batches, _ in
      let output = try await dataset.stemma.run(Self.waiting)
      #expect(output.exitCode == 0, "\(output.errorText)")
      #expect(output.text.contains("Gaps: "))
      let message = try await dataset.git("log", "--format=%B").text
      #expect(!message.contains("Partial:"))
      #expect(try await dataset.datasetDigest() == BatchTests.directDigest(change))
    }
  }

  /// What is noted of batches.
  private static func notes(_ dataset: TestDataset) throws -> [URL] {
    let folder = dataset.directory.appending(path: ".git/stemma/batches")
    return try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
  }
}
