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
  static let teacher = ScriptedTeacher.embedded { request in
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

  static let knobs: Lab.Knobs = [
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
        #expect(report.rejections == whole.rejections, "\(history)")
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
        #expect(
          try await lab.differencesFromScratch(in: folder, "\(number)", teacher: Self.teacher)
            == [],
          comment)
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

  /// Changes of text and recipe that a history may or may not serve, each with what it is called.
  private enum Change: String, CaseIterable {
    case pair, override, order, heldOut, near, seed, manySlots, fewSlots, rename, reweight

    func apply(to lab: Lab, _ random: inout SplitMix) throws {
      func toggle(_ path: [String], _ values: [String]) throws {
        try lab.set(path, to: values.randomElement(using: &random) ?? values[0])
      }
      switch self {
      case .order: try toggle(["strategy", "order"], ["weighted", "coverage-first"])
      case .near: try toggle(["duplicates", "near"], ["0.8", "0.5", "off"])
      case .seed: try toggle(["random-seed"], ["7", "8"])
      case .manySlots: try lab.set(["samples"], to: "70")
      case .fewSlots: try lab.set(["samples"], to: "12")
      case .heldOut: try renameHeldOut(in: lab, &random)
      case .rename: try RandomEdit.rename.apply(to: lab, &random)
      case .reweight: try RandomEdit.reweight.apply(to: lab, &random)
      case .pair, .override:
        guard var sources = try lab.sources,
          let index = sources.strategies.indices.randomElement(using: &random)
        else { return }
        if self == .override {
          sources.strategies[index].overrides.fraction = Bool.random(using: &random) ? 1 : nil
        } else if sources.strategies[index].never.isEmpty {
          let roots = sources.strategies[index].roots
          let leaves = roots.prefix(2).compactMap { root in
            sources.taxonomies.first { $0.find(root) != nil }?.leaves.randomElement(using: &random)
          }
          guard leaves.count == 2 else { return }
          sources.strategies[index].never = [Strategy.Pair(leaves[0].id, leaves[1].id)]
        } else {
          sources.strategies[index].never = []
        }
        try lab.write(sources)
      }
    }

    /// The same two questions under another name.
    private func renameHeldOut(in lab: Lab, _ random: inout SplitMix) throws {
      let name = "held-\(Int.random(in: 0..<3, using: &random)).jsonl"
      let items = [3, 8].map { topic -> String in
        let words = (0..<40).map { "word\($0)of\(topic)" }.joined(separator: " ")
        return (["question": .string(words)] as JSON).text
      }
      try lab.write(name, items.joined(separator: "\n") + "\n")
      var recipe = try lab.read("recipe.yaml")
      let line = "  held-out: [\(name)]"
      if let old = recipe.firstMatch(of: /\n  held-out: [^\n]*/) {
        recipe.replaceSubrange(old.range, with: "\n" + line)
      } else {
        recipe = recipe.replacing("\nduplicates:\n", with: "\nduplicates:\n" + line + "\n")
      }
      try lab.write("recipe.yaml", recipe)
    }
  }

  @Test(
    "Pairs, overrides, orders, held-out sets and any N give what a new dataset gives",
    arguments: 1...4)
  func changes(_ seed: Int) async throws {
    try await withTemporaryDirectory { folder in
      var random = SplitMix(seed * 104_729)
      let recipe = try Lab.recipe(Self.knobs)
      let lab = try Lab.make(
        in: folder,
        recipe: recipe.contains("\nduplicates:\n")
          ? recipe : recipe + "\nduplicates:\n  near: 0.8\n")
      try await lab.run(teacher: Self.teacher)
      var history: [String] = []
      for step in 0..<7 {
        let change = Change.allCases.randomElement(using: &random) ?? .pair
        history.append(change.rawValue)
        try change.apply(to: lab, &random)
        try await lab.run(teacher: Self.teacher)
        #expect(
          try await lab.differencesFromScratch(in: folder, "\(step)", teacher: Self.teacher) == [],
          "seed \(seed): \(history.joined(separator: "; "))")
      }
      #expect(try Verification(lab.store).damages == [])
    }
  }

  @Test("Other knobs of a strategy derive the slots that drew it, and no others")
  func overrides() async throws {
    try await withTemporaryDirectory { folder in
      var sources = Garden.sources
      let roots = sources.taxonomies.map(\.root.id)
      let rare = Grove.strategy([roots[0]], weight: 1)
      sources.strategies = [Grove.strategy(roots, weight: 9), rare]
      let lab = try Lab.make(
        in: folder, recipe: try Lab.recipe([(["samples"], "60")]), files: Self.files(of: sources))
      let first = try await lab.run()
      let slots = try lab.records(.mixes).count { $0["strategy"] == .string(rare.id.text) }
      #expect((1...20).contains(slots))
      sources.strategies[1].overrides.candidates = 5
      try lab.write(sources)
      let report = try await lab.run()
      #expect(report.counts.asked > 0)
      #expect(
        report.counts.asked + report.counts.cached < first.counts.asked * (slots + 2) / 60 * 2)
      #expect(try await lab.differencesFromScratch(in: folder, "again") == [])
    }
  }

  @Test("Far fewer samples than before take no answer, not even a recorded one")
  func shrinking() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "60")]))
      try await lab.run()
      try lab.set(["samples"], to: "5")
      let report = try await lab.run(teacher: ScriptedTeacher.texts("never"))
      #expect(report.counts.cached == 0)
      #expect(try lab.ids(.samples).count == 5)
      #expect(try await lab.differencesFromScratch(in: folder, "again") == [])
    }
  }

  @Test("Beside other records, as after a rollback, what is remembered is of no use")
  func rollback() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder, recipe: try Lab.recipe([(["samples"], "60")]),
        files: Self.files(of: Garden.sources))
      try await lab.run()
      let first = try lab.head()
      var edited = Garden.sources
      edited.taxonomies[0] = edited.taxonomies[0].editing { nodes in
        nodes.removeAll { $0.name == "Multiplication" }
      }
      try lab.write(edited)
      try await lab.run()
      _ = try lab.store.rollback(to: first, title: "Back")
      // What is remembered has no slot to change, but those that the leaf moved have other records here.
      try lab.write(edited)
      try lab.set(["samples"], to: "61")
      try await lab.run()
      #expect(try await lab.differencesFromScratch(in: folder, "again") == [])
      #expect(try Verification(lab.store).damages == [])
    }
  }

  @Test("A compaction, after which records lie elsewhere, costs no slot")
  func compaction() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "40")]))
      let first = try await lab.run()
      try lab.set(["samples"], to: "20")
      try await lab.run()
      _ = try #require(try Compaction(lab.store).run())
      try lab.set(["samples"], to: "22")
      let report = try await lab.run(teacher: ScriptedTeacher.texts("never"))
      #expect(report.counts.cached > 0)
      #expect(report.counts.cached < first.counts.asked / 5)
      #expect(try await lab.differencesFromScratch(in: folder, "again") == [])
    }
  }

  @Test("A teacher that fails amid an edit changes nothing, and the next run ends what it began")
  func failure() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "40")]))
      try await lab.run()
      let before = try lab.state()
      var random = SplitMix(5)
      try RandomEdit.removeLeaf.apply(to: lab, &random)
      let count = Mutex(0)
      let failing = ScriptedTeacher.embedded { request throws(TeacherError) in
        let number = count.withLock { count in
          count += 1
          return count
        }
        if number > 2 { throw TeacherError(.serverFault, "the server is gone") }
        return nil
      }
      await #expect(throws: TeacherError.self) { try await lab.run(teacher: failing) }
      #expect(try lab.state() == before)
      try await lab.run()
      #expect(try await lab.differencesFromScratch(in: folder, "again") == [])
    }
  }

  @Test("Another machine's answers to the same requests never mix with what was made here")
  func foreignAnswers() async throws {
    try await withTemporaryDirectory { folder in
      // Scenarios are unreadable at first try, and differ from one machine to the other.
      func teacher(_ machine: String) -> ScriptedTeacher {
        ScriptedTeacher.embedded { request in
          guard request.task == "meta-prompts" else { return nil }
          return request.attempt == 0 && (machine == "here") == request.draw.contains("1 ")
            ? .stop("no JSON of \(machine)") : nil
        }
      }
      let files = Self.files(of: Garden.sources)
      let recipe = try Lab.recipe([(["samples"], "30")])
      let here = try Lab.make(in: folder, named: "here", recipe: recipe, files: files)
      try await here.run(teacher: teacher("here"))
      let there = try Lab.make(in: folder, named: "there", recipe: recipe, files: files)
      try await there.run(teacher: teacher("there"))
      let git = GitProgram(in: here.root)
      try await git(
        "fetch", "-q", there.root.path(percentEncoded: false),
        "+refs/stemma/calls/*:refs/stemma/remotes/x/calls/*")
      var edited = Garden.sources
      edited.taxonomies[0] = edited.taxonomies[0].editing { nodes in
        nodes[1].name = "Adding up"
      }
      try here.write(edited)
      try await here.run(teacher: teacher("here"))
      let slots = try here.records(.samples).compactMap { $0["slot"]?.int }
      #expect(slots.sorted() == Array(0..<30))
      #expect(try Verification(here.store).damages == [])
      // Without what is remembered it comes to the same.
      let state = try here.state()
      try FileManager.default.removeItem(at: here.slotFile)
      try here.write(Garden.sources)
      try await here.run(teacher: teacher("here"))
      try here.write(edited)
      try await here.run(teacher: teacher("here"))
      #expect(try here.state() == state)
    }
  }

  static func files(of sources: Sources) -> [String: String] {
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
