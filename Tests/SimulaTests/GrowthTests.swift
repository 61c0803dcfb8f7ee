import ArtifactStore
import CanonicalJSON
import Dataset
import Simula
import Synchronization
import Teachers
import Testing

@Suite("Growing taxonomies")
struct GrowthTests {
  static let knobs: Lab.Knobs = [
    (["taxonomy", "depth"], "1"), (["taxonomy", "proposals"], "3"),
    (["taxonomy", "children"], "[2, 4]"), (["taxonomy", "children-cap"], "8"),
  ]

  /// The candidates of a critic's request as name and votes.
  private func candidates(_ request: CallRequest?) -> [String] {
    request?.inputs?["candidates"]?.array?.map {
      "\($0["name"]?.string ?? "") \($0["votes"]?.int ?? 0)"
    } ?? []
  }

  private func names(_ taxonomy: Taxonomy) -> [String] {
    taxonomy.children(of: taxonomy.root.id).map(\.name)
  }

  private func edits(_ log: GrowthLog) throws -> [[String]] {
    try log.records.filter { $0.kind == .edits }.map { record in
      let value = try record.value()
      return ["action", "candidate", "target", "outcome"].map { value[$0]?.string ?? "" }
    }
  }

  private func proposing(
    _ proposals: [[String]],
    review: @escaping @Sendable (CallRequest) -> Answer = { GrowthScript.review($0) }
  ) -> ScriptedTeacher {
    ScriptedTeacher { request throws(TeacherError) in
      guard request.task == "propose-children" else { return review(request) }
      let number = Int(request.draw.split(separator: " ").last ?? "") ?? 0
      return GrowthScript.children(proposals[number])
    }
  }

  @Test(
    "A factor takes one call a proposal and critic of each expanded node, and the level plans",
    arguments: [
      (4, 3, 3, true, 86), (4, 3, 3, false, 84), (2, 2, 1, true, 7), (3, 1, 5, true, 6),
      (2, 3, 2, true, 23),
    ])
  func calls(
    _ children: Int, _ depth: Int, _ proposals: Int, _ plans: Bool, _ calls: Int
  ) async throws {
    let knobs: Lab.Knobs = [
      (["taxonomy", "depth"], "\(depth)"), (["taxonomy", "proposals"], "\(proposals)"),
      (["taxonomy", "level-plans"], "\(plans)"),
    ]
    try await Bench.with(knobs) { bench in
      let teacher = GrowthScript.even(children)
      let (taxonomy, log) = try await bench.grow(teacher)
      #expect(teacher.requests.count == calls)
      #expect(taxonomy.leaves.count == (0..<depth).reduce(1) { product, _ in product * children })
      #expect(taxonomy.leaves.allSatisfy { taxonomy.level(of: $0.id) == depth })
      #expect(log.notices == [])
      #expect(log.records.count { $0.kind == .plans } == (plans ? depth - 1 : 0))
    }
  }

  @Test("Proposals are united by normalised name, with how many named each")
  func union() async throws {
    try await Bench.with(Self.knobs) { bench in
      let teacher = proposing([
        ["Cherry", "Apple pie", "Banana", "Fruit", ""],
        ["apple-pie.", "  Damson  plum", "x\u{0}y", "fruit"],
        ["BANANA", "apple  pie", "Apple Pie", "!!!", String(repeating: "n", count: 81)],
      ])
      let (taxonomy, log) = try await bench.grow(teacher)
      let review = teacher.requests.first { $0.task == "review-children" }
      #expect(
        candidates(review) == ["Apple pie 3", "Banana 2", "Cherry 1", "Damson plum 1", "xy 1"])
      #expect(names(taxonomy) == ["Apple pie", "Banana", "Cherry", "Damson plum", "xy"])
      #expect(log.records.count { $0.kind == .proposals } == 3)
      let root = taxonomy.root.id
      #expect(
        taxonomy.nodes.dropFirst().allSatisfy { $0.id == NodeID(bornUnder: root, name: $0.name) })
    }
  }

  @Test("The critic removes, merges, renames and adds; what names nothing known is void")
  func critic() async throws {
    try await Bench.with(Self.knobs) { bench in
      let fruits = ["Apple", "Banana", "Cherry", "Damson", "Elder", "Fig", "Grape", "Hazel"]
      let teacher = proposing([fruits, ["Apple", "Damson"], ["Apple", "Damson"]]) { request in
        // By votes: c1 Apple, c2 Damson, c3 Banana, c4 Cherry, c5 Elder, c6 Fig, c7 Grape, c8 Hazel.
        GrowthScript.review(
          request,
          [
            "c2": ("merge", "c1"), "c3": ("rename", " Plantain. "), "c4": ("remove", ""),
            "c5": ("merge", "c99"), "c6": ("rename", "apple"), "c7": ("merge", "c7"),
            "c8": ("explode", ""),
          ], missing: ["Quince", "APPLE", " . ", "quince", "Fruit"])
      }
      let (taxonomy, log) = try await bench.grow(teacher)
      #expect(
        names(taxonomy) == ["Apple", "Plantain", "Elder", "Fig", "Grape", "Hazel", "Quince"])
      #expect(
        try edits(log) == [
          ["merge", "Damson", "Apple", "applied"], ["rename", "Banana", " Plantain. ", "applied"],
          ["remove", "Cherry", "", "applied"], ["merge", "Elder", "c99", "void"],
          ["rename", "Fig", "apple", "void"], ["merge", "Grape", "c7", "void"],
          ["explode", "Hazel", "", "void"], ["add", "", "Quince", "applied"],
          ["add", "", "APPLE", "void"], ["add", "", " . ", "void"],
          ["add", "", "quince", "void"], ["add", "", "Fruit", "void"],
        ])
    }
  }

  @Test("A critic that removes everything twice is overruled by the votes")
  func safetyNet() async throws {
    try await Bench.with(Self.knobs) { bench in
      let teacher = proposing([["A", "B", "C"], ["D", "B", "C"], ["C", "E", "F"]]) { request in
        let all = GrowthScript.keys(request).map { ($0, (action: "remove", target: "")) }
        return GrowthScript.review(request, Dictionary(uniqueKeysWithValues: all))
      }
      let (taxonomy, log) = try await bench.grow(teacher)
      let reviews = teacher.requests.filter { $0.task == "review-children" }
      #expect(reviews.map(\.draw) == ["review", "review repair 1"])
      #expect(names(taxonomy) == ["C", "B", "A", "D"])
      #expect(log.notices.count == 1)
      #expect(log.notices[0].contains("by votes"))
      #expect(try edits(log).count == 12)
      #expect(try edits(log).allSatisfy { $0[3] == "void" })
    }
  }

  @Test("A repair round that is safe counts")
  func repair() async throws {
    try await Bench.with(Self.knobs) { bench in
      let teacher = proposing([["A", "B", "C"], ["A", "B", "C"], ["A", "B", "C"]]) { request in
        let edit = (action: "remove", target: "")
        return request.draw == "review"
          ? GrowthScript.review(request, ["c1": edit, "c2": edit])
          : GrowthScript.review(request, ["c3": edit])
      }
      let (taxonomy, log) = try await bench.grow(teacher)
      #expect(names(taxonomy) == ["A", "B"])
      #expect(try edits(log).map { $0[3] } == ["void", "void", "applied"])
      #expect(log.notices == [])
      // The second request says what was wrong with the first answer.
      let reviews = teacher.requests.filter { $0.task == "review-children" }
      #expect(reviews[1].messages.prefix(2) == reviews[0].messages[...])
      #expect(reviews[1].messages.map(\.role) == [.system, .user, .assistant, .user])
      #expect(reviews[1].messages[2].text.contains("\"remove\""))
      #expect(
        reviews[1].messages[3].text.contains(
          "removes 2 of the 3 names that two or more proposals have: \"A\", \"B\""))
    }
  }

  @Test("A name that is merged into a removed one counts as removed")
  func lostByMerge() async throws {
    try await Bench.with(Self.knobs) { bench in
      let four = ["A", "B", "C", "D"]
      let teacher = proposing([four, four, four]) { request in
        GrowthScript.review(
          request,
          request.draw == "review"
            ? ["c1": ("merge", "c3"), "c2": ("merge", "c3"), "c3": ("remove", "")] : [:])
      }
      let (taxonomy, _) = try await bench.grow(teacher)
      #expect(names(taxonomy) == four)
      #expect(teacher.count("review-children") == 2)
    }
  }

  @Test("Edits of children that the cap leaves out are void, and it is told")
  func childrenCap() async throws {
    let knobs = Self.knobs.map { $0.path.last == "children-cap" ? ($0.path, "4") : $0 }
    try await Bench.with(knobs) { bench in
      let six = ["A", "B", "C", "D", "E", "F"]
      let teacher = proposing([six, six, ["A", "B", "C", "D"]]) { request in
        // By votes: c1 to c4 are A to D, c5 E, c6 F.
        GrowthScript.review(
          request, ["c4": ("merge", "c5"), "c5": ("rename", "Elder"), "c1": ("rename", "Apple")],
          missing: ["Quince"])
      }
      let (taxonomy, log) = try await bench.grow(teacher)
      #expect(names(taxonomy) == ["Apple", "B", "C", "Elder"])
      #expect(
        try edits(log) == [
          ["rename", "A", "Apple", "applied"], ["merge", "D", "E", "applied"],
          ["rename", "E", "Elder", "applied"], ["add", "", "Quince", "void"],
        ])
      #expect(log.notices.count == 1)
      #expect(log.notices[0].contains("6 children") && log.notices[0].contains("the 4 most named"))
    }
  }

  @Test("A merge into a child that the cap leaves out is void, and a removal is not")
  func cutMerge() async throws {
    let knobs = Self.knobs.map { $0.path.last == "children-cap" ? ($0.path, "4") : $0 }
    try await Bench.with(knobs) { bench in
      let six = ["A", "B", "C", "D", "E", "F"]
      let teacher = proposing([six, six, six]) { request in
        GrowthScript.review(
          request, ["c1": ("merge", "c6"), "c6": ("rename", "Fig"), "c2": ("remove", "")],
          missing: ["Quince", "Sloe"])
      }
      let (taxonomy, log) = try await bench.grow(teacher)
      #expect(names(taxonomy) == ["C", "D", "E", "Fig"])
      #expect(
        try edits(log).map { [$0[0], $0[3]] } == [
          ["merge", "applied"], ["remove", "applied"], ["rename", "applied"], ["add", "void"],
          ["add", "void"],
        ])
      let cut = proposing([six, six, six]) { request in
        GrowthScript.review(request, ["c1": ("merge", "c6"), "c5": ("rename", "Elder")])
      }
      let (taxa, second) = try await bench.grow(cut, factor: "Berry")
      // The child that two candidates made has the votes of both.
      #expect(names(taxa) == ["B", "C", "D", "F"])
      #expect(try edits(second).map { $0[3] } == ["applied", "void"])
      let four = ["A", "B", "C", "D"]
      let late = proposing([six, four, four]) { request in
        GrowthScript.review(request, ["c5": ("merge", "c6")])
      }
      let (tree, third) = try await bench.grow(late, factor: "Nut")
      #expect(names(tree) == ["A", "B", "C", "D"])
      #expect(try edits(third) == [["merge", "E", "F", "void"]])
    }
  }

  @Test("Names that the union of proposals loses are counted in what is said of it")
  func unionIsCut() async throws {
    try await Bench.with(Self.knobs) { bench in
      let teacher = proposing([["A", "B", "C", "D"], ["E", "F"], ["A"]]) { _ in .stop("no idea") }
      let (taxonomy, log) = try await bench.grow(teacher)
      #expect(names(taxonomy) == ["A", "B", "C", "D"])
      #expect(log.notices.contains { $0.contains("the first 4 of the 6 names") })
    }
  }

  @Test("The planner reads a part of a level that is too wide, and that is told")
  func wideLevel() async throws {
    let knobs: Lab.Knobs = [
      (["taxonomy", "depth"], "4"), (["taxonomy", "children"], "[6, 6]"),
      (["taxonomy", "children-cap"], "8"), (["taxonomy", "proposals"], "1"),
      (["taxonomy", "frontier-cap"], "40"),
    ]
    try await Bench.with(knobs) { bench in
      let teacher = GrowthScript.even(6)
      let (_, log) = try await bench.grow(teacher)
      let plans = teacher.requests.filter { $0.task == "plan-level" }
      #expect(plans.map { $0.inputs?["nodes"]?.array?.count } == [6, 36, 200])
      #expect(
        log.notices.contains { $0.contains("216 nodes on level 3") && $0.contains("the first 200") }
      )
    }
  }

  @Test("Removing up to half of what two proposals named is no cause for repair")
  func halfRemoved() async throws {
    try await Bench.with(Self.knobs) { bench in
      let four = ["A", "B", "C", "D"]
      let teacher = proposing([four, four, four]) { request in
        GrowthScript.review(request, ["c1": ("remove", ""), "c2": ("remove", "")])
      }
      let (taxonomy, _) = try await bench.grow(teacher)
      #expect(names(taxonomy) == ["C", "D"])
      #expect(teacher.count("review-children") == 1)
    }
  }

  @Test("A critic without a usable answer leaves the union of the proposals")
  func unusableCritic() async throws {
    try await Bench.with(Self.knobs) { bench in
      let teacher = proposing([["A", "B"], ["B", "C"], ["B"]]) { _ in .stop("no idea") }
      let (taxonomy, log) = try await bench.grow(teacher)
      #expect(names(taxonomy) == ["B", "A", "C"])
      #expect(log.notices.count == 1)
    }
  }

  @Test("A root that cannot be divided stops the run")
  func rootFails() async throws {
    for bad in ["{\"children\":[\"Only one\"]}", "{\"children\":[]}", "no idea"] {
      try await Bench.with(Self.knobs) { bench in
        let error = await #expect(throws: SimulaError.self) {
          _ = try await bench.grow(ScriptedTeacher.texts(bad))
        }
        #expect(error?.code == .unusableAnswers)
        #expect(error?.message.contains("'Fruit'") == true)
      }
    }
  }

  @Test("An inner node that cannot be divided becomes a leaf that says so")
  func innerFails() async throws {
    let knobs: Lab.Knobs = [(["taxonomy", "depth"], "3"), (["taxonomy", "level-plans"], "false")]
    try await Bench.with(knobs) { bench in
      let teacher = GrowthScript.even(3) { request throws(TeacherError) in
        guard request.task == "propose-children" else { return nil }
        return ["Fruit 1", "Fruit 2 0"].contains(GrowthScript.node(request))
          ? .stop("I cannot") : nil
      }
      let (taxonomy, log) = try await bench.grow(teacher)
      let unexpanded = taxonomy.nodes.filter(\.isUnexpanded)
      #expect(unexpanded.map(\.name) == ["Fruit 1", "Fruit 2 0"])
      #expect(unexpanded.allSatisfy { taxonomy.isLeaf($0.id) })
      #expect(log.notices.count == 2)
      #expect(taxonomy.leaves.count == 17)
    }
  }

  @Test("The frontier cap lets the most voted nodes grow, and says so")
  func frontierCap() async throws {
    let knobs: Lab.Knobs = [
      (["taxonomy", "depth"], "2"), (["taxonomy", "frontier-cap"], "2"),
      (["taxonomy", "children"], "[2, 4]"), (["taxonomy", "proposals"], "2"),
    ]
    try await Bench.with(knobs) { bench in
      let teacher = GrowthScript.even(2) { request throws(TeacherError) in
        guard request.task == "propose-children", GrowthScript.node(request) == "Fruit" else {
          return nil
        }
        return GrowthScript.children(
          request.draw == "proposal 0" ? ["A", "B", "C", "D"] : ["D", "B"])
      }
      let (taxonomy, log) = try await bench.grow(teacher)
      let grown = taxonomy.nodes.filter { !taxonomy.isLeaf($0.id) }.map(\.name)
      #expect(grown == ["Fruit", "B", "D"])
      #expect(taxonomy.nodes.allSatisfy { !$0.isUnexpanded })
      #expect(taxonomy.nodes.filter(\.isCapped).map(\.name) == ["A", "C"])
      #expect(log.notices.count == 1)
      #expect(log.notices[0].contains("frontier cap"))
    }
  }

  @Test("All proposals for a node are under way at once")
  func proposalsAtOnce() async throws {
    try await Bench.with([(["taxonomy", "depth"], "1"), (["taxonomy", "proposals"], "3")]) {
      bench in
      let asked = Mutex(0)
      let most = Mutex(0)
      let inner = GrowthScript.even(3)
      let teacher = ScriptedTeacher { request throws(TeacherError) in
        if request.task == "propose-children" {
          let number = asked.withLock { count in
            count += 1
            return count
          }
          // None is answered before the others are asked, unless these never come.
          for _ in 0..<20_000 where asked.withLock({ $0 }) < 3 { await Task.yield() }
          if number == 1 { most.withLock { $0 = asked.withLock { $0 } } }
        }
        return try await inner.reply(to: request).answer
      }
      _ = try await bench.grow(teacher)
      #expect(most.withLock { $0 } == 3)
    }
  }

  @Test("What is recorded and its order do not depend on the order in which answers come")
  func timing() async throws {
    var lines: Set<[RecordID]> = []
    for seed in 0..<4 {
      try await Bench.with([(["taxonomy", "depth"], "2")]) { bench in
        let random = Mutex(SplitMix(seed))
        let inner = GrowthScript.even(3)
        let teacher = ScriptedTeacher { request throws(TeacherError) in
          let pauses = random.withLock { Int.random(in: 0...20, using: &$0) }
          for _ in 0..<pauses { await Task.yield() }
          return try await inner.reply(to: request).answer
        }
        let (_, log) = try await bench.grow(teacher)
        lines.insert(log.records.map(\.id))
      }
    }
    #expect(lines.count == 1)
  }
}
