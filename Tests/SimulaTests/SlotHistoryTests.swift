import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Simula
import Synchronization
import Teachers
import TestSupport
import Testing

/// Runs that derive only the slots which changed, against runs that derive all.
@Suite("Only changed slots are derived again")
struct SlotHistoryTests {
  /// Writes few different questions, many of them alike, as a function of the request.
  private static let teacher = ScriptedTeacher.embedded { request in
    guard request.task == "generate",
      let hash = UInt64(CallKey(of: request).digest.hex.prefix(15), radix: 16)
    else { return nil }
    var random = SplitMix(Int(hash))
    let topic = Int.random(in: 0..<20, using: &random)
    var words = (0..<40).map { "word\($0)of\(topic)" }
    // One changed word of 40 leaves most runs of 13 words when it is near the end.
    if Bool.random(using: &random) { words[39] = "end\(Int.random(in: 0..<3, using: &random))" }
    if Int.random(in: 0..<4, using: &random) == 0 { words[20] = "other\(hash % 1000)" }
    let sample: JSON = [
      "question": .string(words.joined(separator: " ")), "reasoning": "None.", "answer": 7,
    ]
    return .stop(sample.text)
  }

  private static let knobs: Lab.Knobs = [
    (["samples"], "40"), (["critics", "double"], "off"), (["critics", "requirements"], "false"),
    (["slots", "attempts"], "3"), (["slots", "extra"], "0.5"), (["complexity", "fraction"], "0"),
  ]

  private static let edits: [RandomEdit] = [
    .rename, .removeLeaf, .reweight, .move, .addLeaf, .strategyWeight,
    .knob(["samples"], "44"), .knob(["samples"], "36"), .knob(["samples"], "40"),
  ]

  @Test(
    "After any edits of sources and of N it is as from scratch, where questions collide",
    arguments: 1...6)
  func edits(_ seed: Int) async throws {
    try await withTemporaryDirectory { folder in
      var random = SplitMix(seed * 7919)
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe(Self.knobs))
      try await lab.run(teacher: Self.teacher)
      var history: [String] = []
      var shortest = Int.max
      for step in 0..<6 {
        let edit = Self.edits.randomElement(using: &random) ?? .rename
        history.append("\(edit)")
        try edit.apply(to: lab, &random)
        let report = try await lab.run(teacher: Self.teacher)
        let fresh = try Lab.make(
          in: folder, named: "fresh-\(step)", recipe: "", files: try lab.inputs())
        let whole = try await fresh.run(teacher: Self.teacher)
        let differences = try lab.state().differences(fresh.state())
        #expect(differences == [], "seed \(seed): \(history.joined(separator: "; "))")
        guard !report.versions.isEmpty else { continue }
        #expect(
          report.rejections.filter { $0.value != 0 } == whole.rejections, "\(history)")
        #expect((report.kept, report.exhaustedSlots) == (whole.kept, whole.exhaustedSlots))
        #expect((whole.rejections[.duplicate] ?? 0) > 5)
        shortest = min(shortest, report.counts.asked + report.counts.cached)
      }
      // Some of the edits touched few slots, of which each takes two answers or more.
      #expect(shortest < 60, "\(history)")
      #expect(try Verification(lab.store).damages == [])
    }
  }

  @Test("One reweighted leaf derives its slots, and nothing without the file derives otherwise")
  func proportion() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder, recipe: try Lab.recipe([(["samples"], "60")]),
        files: Self.files(of: Garden.sources))
      try await lab.run()
      let all = try lab.head()
      var edited = Garden.sources
      edited.taxonomies[0] = edited.taxonomies[0].editing { nodes in
        nodes.removeAll { $0.name == "Multiplication" }
      }
      let slots = try Set(
        all.records(.mixes).filter { record in
          let removed = Garden.sources.taxonomies[0].nodes.first { $0.name == "Multiplication" }
          return try record.value()["nodes"]?.array?.contains(.string(removed?.id.text ?? ""))
            == true
        }.map { try $0.value()["slot"]?.int })
      #expect(slots.count > 5)
      try lab.write(edited)
      let report = try await lab.run()
      // Nothing is looked up for slots that stay, and what is taken out is not counted.
      #expect(report.counts.cached == 0)
      let derived = try Set(lab.head().records(.samples).map { try $0.value()["slot"]?.int })
      #expect(derived.isSuperset(of: slots))
      let state = try lab.state()
      // Back again from recorded answers alone, and once more without the file.
      try lab.write(Garden.sources)
      let back = try await lab.run(teacher: ScriptedTeacher.texts("never"))
      #expect(back.counts.asked == 0)
      #expect(back.counts.cached > 0)
      #expect(back.counts.cached < report.counts.asked * 2)
      #expect(try lab.state().ids == Self.ids(of: all))
      try FileManager.default.removeItem(at: lab.slotFile)
      try lab.write(edited)
      let whole = try await lab.run(teacher: ScriptedTeacher.texts("never"))
      #expect(whole.counts.cached > report.counts.asked * 2)
      #expect(try lab.state() == state)
    }
  }

  @Test("A file that is damaged, cut off or of other records is of no use, and does no harm")
  func damage() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder, recipe: try Lab.recipe(Self.knobs + [(["samples"], "15")]))
      try await lab.run(teacher: Self.teacher)
      let whole = try Data(contentsOf: lab.slotFile)
      let other = Mutex(0)
      func check(_ bytes: Data, _ comment: Comment) async throws {
        let number = other.withLock { number in
          number += 1
          return number
        }
        try lab.set(["samples"], to: number.isMultiple(of: 2) ? "15" : "16")
        try bytes.write(to: lab.slotFile)
        try await lab.run(teacher: Self.teacher)
        let fresh = try Lab.make(
          in: folder, named: "fresh-\(number)", recipe: "", files: try lab.inputs())
        try await fresh.run(teacher: Self.teacher)
        #expect(try lab.state().differences(fresh.state()) == [], comment)
      }
      try await check(Data(), "empty")
      try await check(whole.prefix(5000), "cut off")
      try await check(whole, "of other records")
      for place in stride(from: 100, to: whole.count, by: max(1, whole.count / 6)) {
        var bytes = try Data(contentsOf: lab.slotFile)
        bytes[min(place, bytes.count - 1)] ^= 0x40
        try await check(bytes, "byte \(place)")
      }
    }
  }

  private static func files(of sources: Sources) -> [String: String] {
    Dictionary(uniqueKeysWithValues: sources.encode().map { ($0.path, $0.text) })
  }

  private static func ids(of version: Version) throws -> [RecordKind: Set<RecordID>] {
    var ids: [RecordKind: Set<RecordID>] = [:]
    for kind in Lab.dataKinds { ids[kind] = Set(try version.live(kind).ids) }
    return ids
  }
}

extension Lab {
  /// Where runs remember what slots came to.
  var slotFile: URL { store.folder.appending(path: "slots") }
}
