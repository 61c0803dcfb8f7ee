import CanonicalJSON

/// The planner's roles: the plan of a level and the strategies.
struct Planning {
  let seed: UInt64

  func level(_ inputs: EmbeddedInputs) throws(TeacherError) -> JSON {
    let factor = try inputs.text("factor")
    let level = try inputs.count("level")
    let nodes = try inputs.texts("nodes")
    var chance = Chance(seed, "plan")
    let opening = chance.element(of: [
      "Split each of the \(nodes.count) nodes of '\(factor)' by what changes in the sum itself.",
      "Give the \(nodes.count) nodes of '\(factor)' children of about the same size.",
      "Keep all children on level \(level + 1) of '\(factor)' equally specific.",
    ])
    let closing = chance.element(of: [
      "Avoid names that would also fit a sibling.", "Use two to six words for each name.",
      "Each child should allow many different problems.",
    ])
    return ["plan": .string("\(opening) \(closing)")]
  }

  func strategies(_ inputs: EmbeddedInputs) throws(TeacherError) -> JSON {
    let range = try inputs.countRange()
    let factors = Planning.factors(try inputs.rows("paths", ["factor", "path"]))
    guard !factors.isEmpty else { throw inputs.failure("paths", "is empty") }
    var chance = Chance(seed, "strategies")
    let count = min(max(chance.within(2...4), range.lowerBound), range.upperBound)
    var names = Set<String>()
    var strategies: [JSON] = []
    for index in 0..<count {
      strategies.append(strategy(index, factors, &names, &chance))
    }
    return ["strategies": .array(strategies)]
  }

  /// The paths of one factor: its root, if given, and the nodes of its first level.
  private struct FactorPaths {
    let factor: String
    var root: String?
    var nodes: [String] = []
  }

  private static func factors(_ rows: [[String]]) -> [FactorPaths] {
    var factors: [FactorPaths] = []
    var places: [String: Int] = [:]
    for row in rows {
      let place = places[row[0]] ?? factors.count
      if place == factors.count {
        factors.append(FactorPaths(factor: row[0]))
        places[row[0]] = place
      }
      if row[1].contains(" > ") {
        factors[place].nodes.append(row[1])
      } else {
        factors[place].root = row[1]
      }
    }
    return factors
  }

  /// The first strategy has every factor, the others most of them.
  private func strategy(
    _ index: Int, _ factors: [FactorPaths], _ names: inout Set<String>, _ chance: inout Chance
  ) -> JSON {
    var combine: [String] = []
    var whole: [FactorPaths] = []
    var focus = ""
    for (place, factor) in factors.enumerated() {
      guard index == 0 || place == index % factors.count || chance.happens(0.8) else { continue }
      let narrows = !factor.nodes.isEmpty && chance.happens(index == 0 ? 0.15 : 0.4)
      if let root = factor.root, !narrows {
        combine.append(root)
        whole.append(factor)
      } else if !factor.nodes.isEmpty {
        let path = chance.element(of: factor.nodes)
        combine.append(path)
        if focus.isEmpty { focus = path.split(separator: " > ").last.map(String.init) ?? path }
      }
    }
    let plain = index == 0 ? "Broad mix" : focus.isEmpty ? "Free mix" : "Focus on \(focus)"
    let name = names.insert(plain).inserted ? plain : "\(plain) \(index + 1)"
    names.insert(name)
    return [
      "name": .string(name), "weight": JSON(chance.within(1...10)),
      "combine": .array(combine.map { .string($0) }), "never": .array(pairs(whole, &chance)),
    ]
  }

  /// At most one pair, of two factors that stay open and so keep other choices.
  private func pairs(_ whole: [FactorPaths], _ chance: inout Chance) -> [JSON] {
    var open = whole.filter { $0.nodes.count > 1 }
    guard chance.happens(0.5), open.count > 1 else { return [] }
    chance.shuffle(&open)
    return [
      [
        "first": .string(chance.element(of: open[0].nodes)),
        "second": .string(chance.element(of: open[1].nodes)),
      ]
    ]
  }
}
