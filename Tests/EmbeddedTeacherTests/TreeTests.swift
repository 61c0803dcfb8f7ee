import CanonicalJSON
import Dataset
import Testing

@testable import Teachers

@Suite struct TreeTests {
  private let teacher = EmbeddedTeacher(rates: EmbeddedRates())

  private static let paths: [[String]] = EmbeddedTree.shared.factors.flatMap { factor in
    [[factor]]
      + EmbeddedTree.shared.children(of: [factor]).flatMap { node in
        [[factor, node]]
          + EmbeddedTree.shared.children(of: [factor, node]).map { [factor, node, $0] }
      }
  }

  @Test("the built-in tree has at least five factors of three levels with four to six children")
  func shape() {
    #expect(EmbeddedTree.shared.factors.count >= 5)
    for path in TreeTests.paths {
      let children = EmbeddedTree.shared.children(of: path)
      #expect((4...6).contains(children.count), "\(path)")
      #expect(Set(children.map(EmbeddedTree.nameKey)).count == children.count, "\(path)")
      #expect(!children.contains { $0.contains(":") || $0.contains(">") }, "\(path)")
    }
  }

  @Test("every setting of the tree has its places, and every named place is one")
  func places() {
    let settings = EmbeddedTree.settings
    #expect(WordLists.places.count == settings.count * StoryCast.placesPerSetting)
    for (index, setting) in settings.enumerated() {
      for node in EmbeddedTree.shared.children(of: ["Setting", setting]) {
        let wishes = StoryWishes(
          scenario: "", requirementPaths: ["Setting > \(setting) > \(node)"])
        #expect(wishes.setting == index)
        #expect(wishes.place.map { $0 / StoryCast.placesPerSetting } == index, "\(node)")
      }
    }
  }

  @Test("another spelling of any name is still known as that name")
  func variants() {
    for path in TreeTests.paths {
      for name in EmbeddedTree.shared.children(of: path) {
        var chance = Chance(7, "variants")
        for _ in 0..<12 {
          let variant = Proposing.variant(of: name, &chance)
          #expect(EmbeddedTree.nameKey(variant) == EmbeddedTree.nameKey(name), "\(variant)")
        }
      }
    }
  }

  @Test("three proposals nearly cover the truth, and hold planted twins and strangers")
  func proposals() throws {
    var (covered, twins, strangers, total) = (0, 0, 0, 0)
    for path in TreeTests.paths {
      var union = Set<String>()
      for proposal in 1...3 {
        let names = try teacher.strings(
          Requests.children(
            factor: path[0].uppercased(), path: path.joined(separator: " > "),
            draw: "proposal \(proposal)"), "children")
        let keys = names.map(EmbeddedTree.nameKey)
        twins += keys.count - Set(keys).count
        strangers += keys.filter(EmbeddedTree.shared.strangerKeys.contains).count
        union.formUnion(keys)
        #expect((2...8).contains(names.count))
      }
      let truth = Set(EmbeddedTree.shared.children(of: path).map(EmbeddedTree.nameKey))
      covered += truth.intersection(union).count
      total += truth.count
    }
    let calls = Double(3 * TreeTests.paths.count)
    #expect(Double(covered) > 0.97 * Double(total))
    #expect((0.2...0.4).contains(Double(twins) / calls))
    #expect((0.25...0.45).contains(Double(strangers) / calls))
  }

  @Test("minimum and maximum bind a proposal", arguments: [1...1, 2...3, 6...6, 12...20, 30...40])
  func limits(_ range: ClosedRange<Int>) throws {
    for draw in 0..<20 {
      for path in ["Operation", "Operation > Division", "Operation > My own node", "Mine"] {
        let names = try teacher.strings(
          Requests.children(
            factor: String(path.split(separator: " ")[0]), path: path,
            minimum: range.lowerBound, maximum: range.upperBound, draw: "proposal \(draw)"),
          "children")
        #expect(range.contains(names.count), "\(path): \(names)")
      }
    }
  }

  @Test("a node that a person added gets children from its name")
  func unknownNode() throws {
    let names = try teacher.strings(
      Requests.children(factor: "Weather", path: "Weather > Snow", draw: "proposal 1"), "children")
    let own = names.filter { $0.hasPrefix("Snow: ") }
    #expect(own.count >= names.count - 2 && !own.isEmpty)
  }

  private func review(_ teacher: EmbeddedTeacher, _ names: [String]) throws -> JSON {
    let candidates = names.enumerated().map { index, name -> JSON in
      ["key": .string("c\(index + 1)"), "name": .string(name), "votes": 1, "proposals": 3]
    }
    return try teacher.json(
      Requests.request(
        "review-children",
        [
          "description": .string(Requests.description), "factor": "Setting", "node": "At home",
          "path": "Setting > At home", "siblings": [], "plan": "",
          "candidates": .array(candidates),
        ], draw: "review"))
  }

  @Test("the critic of children keeps, merges, renames and removes, and names what is missing")
  func reviewedChildren() throws {
    var rates = EmbeddedRates()
    rates.removesPlanted = 1
    let answer = try review(
      EmbeddedTeacher(rates: rates),
      ["kitchens", "Kitchen", "Star signs", "GARAGE", "Rocket launch pad"])
    #expect(answer["c1"]?["action"] == "merge")
    #expect(answer["c1"]?["target"] == "c2")
    #expect(answer["c2"]?["action"] == "keep")
    #expect(answer["c3"]?["action"] == "remove")
    #expect(answer["c4"]?["action"] == "rename")
    #expect(answer["c4"]?["target"] == "Garage")
    #expect(answer["c5"]?["action"] == "keep")
    #expect(answer.object?.names == ["c1", "c2", "c3", "c4", "c5", "missing"])
    let missing = answer["missing"]?.array?.compactMap(\.string) ?? []
    #expect(Set(missing).isSubset(of: ["Living room", "Attic", "Balcony"]))
  }

  @Test("planted strangers are removed at the rate", arguments: [0.0, 0.6, 1.0])
  func removedStrangers(_ rate: Double) throws {
    var rates = EmbeddedRates()
    rates.removesPlanted = rate
    let teacher = EmbeddedTeacher(rates: rates)
    let strangers = EmbeddedTree.shared.strangers
    var removed = 0
    for path in TreeTests.paths {
      let inputs: JSON = [
        "description": "sums", "factor": .string(path[0]), "node": .string(path.last ?? ""),
        "path": .string(path.joined(separator: " > ")), "siblings": [], "plan": "",
        "candidates": .array(
          strangers.enumerated().map { index, name in
            ["key": .string("c\(index)"), "name": .string(name)]
          }),
      ]
      let answer = try teacher.json(Requests.request("review-children", inputs, draw: "review"))
      removed +=
        answer.object?.members.filter { $0.value["action"]?.string == "remove" }.count ?? 0
    }
    let total = TreeTests.paths.count * strangers.count
    if rate == 0 || rate == 1 {
      #expect(removed == Int(rate) * total)
    } else {
      #expect(abs(deviation(removed, of: total, from: rate)) < 4)
    }
  }

  @Test("the critic of factors only keeps and removes")
  func reviewedFactors() throws {
    var rates = EmbeddedRates()
    rates.removesPlanted = 1
    let names = ["Operation", "operations", "Haute couture", "Weather"]
    let answer = try EmbeddedTeacher(rates: rates).json(
      Requests.request(
        "review-factors",
        [
          "description": "maths", "minimum": 3,
          "candidates": .array(
            names.enumerated().map { ["key": .string("c\($0 + 1)"), "name": .string($1)] }),
        ], draw: "review"))
    let actions = names.indices.map { answer["c\($0 + 1)"]?["action"]?.string }
    #expect(actions == ["keep", "remove", "remove", "keep"])
  }
}
