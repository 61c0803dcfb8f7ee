import ArtifactStore
import CanonicalJSON
import Dataset
import Simula
import Teachers
import TestSupport
import Testing

@Suite("What describes an export")
struct ExportFactsTests {
  @Test("figures are of the lines that the file has, however many samples the version keeps")
  func lines() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe(AttemptTests.steady))
      try await lab.run(teacher: ScriptedTeacher.embedded(AttemptTests.rates))
      let version = try lab.head()
      let kept = try version.liveCount(.samples)
      let facts = try ExportFacts(version, given: .init(), members: ["question"])
      let digest = Digest(of: [1, 2, 3])
      for (count, category) in [
        (0, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (99_999, "10K<n<100K"),
        (512_000, "100K<n<1M"), (1_000_000, "1M<n<10M"), (20_000_000, "10M<n<100M"),
        (kept, "n<1K"),
      ] {
        let file = ExportFacts.File(
          path: "part.jsonl", digest: digest, sizeInBytes: 31 * count, lineCount: count)
        let card = try DatasetCard(facts, samples: file).text
        #expect(card.contains("size_categories:\n- \(category)\n"))
        #expect(card.contains("| samples | \(kept) of"))
        #expect(card.contains("| lines in part.jsonl | \(count) |") == (count != kept))
        #expect(card.contains("(\(count) lines)"))
        // Croissant tells of the file alone: its bytes, and the members that its lines have.
        let croissant = Croissant(facts, samples: file).json
        let object = try #require(croissant["distribution"]?.array?.first)
        #expect(object["contentSize"]?.string == "\(31 * count) B")
        #expect(object["sha256"]?.string == digest.hex)
        let fields = croissant["recordSet"]?.array?.first?["field"]?.array ?? []
        #expect(fields.compactMap { $0["name"]?.string } == ["question"])
      }
    }
  }
}
