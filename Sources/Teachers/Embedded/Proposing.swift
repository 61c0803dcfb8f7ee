import CanonicalJSON

/// Names of factors and nodes: each proposal is a part of the truth with planted mistakes.
struct Proposing {
  /// How likely each true name is in one proposal.
  static let truthRate = 0.85
  /// How likely a proposal holds a name twice, spelled differently.
  static let duplicateRate = 0.3
  /// How likely a proposal holds a name that has no place in the domain.
  static let strangerRate = 0.35

  let seed: UInt64

  func factors(_ inputs: EmbeddedInputs) throws(TeacherError) -> JSON {
    let range = try inputs.countRange()
    let names = try proposal(
      of: EmbeddedTree.shared.factors, under: "Story", range: range, inputs)
    return ["factors": .array(names.map { .string($0) })]
  }

  func children(_ inputs: EmbeddedInputs) throws(TeacherError) -> JSON {
    let range = try inputs.countRange()
    let path = try NodePath(inputs).names
    let names = try proposal(
      of: EmbeddedTree.shared.children(of: path), under: path.last ?? "", range: range, inputs)
    return ["children": .array(names.map { .string($0) })]
  }

  private func proposal(
    of truth: [String], under name: String, range: ClosedRange<Int>, _ inputs: EmbeddedInputs
  ) throws(TeacherError) -> [String] {
    var chance = Chance(seed, "proposal")
    var pool = truth
    chance.shuffle(&pool)
    var names: [String] = []
    var spare: [String] = []
    for name in pool {
      if chance.happens(Proposing.truthRate) { names.append(name) } else { spare.append(name) }
    }
    // Planted names go in before the cut, so that a proposal never exceeds its maximum.
    names = Array(names.prefix(range.upperBound))
    if chance.happens(Proposing.duplicateRate), let twin = names.first {
      insert(Proposing.variant(of: twin, &chance), into: &names, limit: range.upperBound, &chance)
    }
    if chance.happens(Proposing.strangerRate) {
      let stranger = chance.element(of: EmbeddedTree.shared.strangers)
      insert(stranger, into: &names, limit: range.upperBound, &chance)
    }
    if names.count < range.lowerBound {
      spare += EmbeddedTree.shared.furtherNames(under: name).filter { !truth.contains($0) }
      names += spare.prefix(range.lowerBound - names.count)
    }
    guard names.count >= range.lowerBound else {
      throw inputs.failure("minimum", "is more than the \(names.count) names that it knows here")
    }
    return names
  }

  /// Puts a name somewhere after the first; at the limit it takes the place of the last one.
  private func insert(
    _ name: String, into names: inout [String], limit: Int, _ chance: inout Chance
  ) {
    if names.count >= limit, limit > 1 { names.removeLast() }
    guard names.count < limit else { return }
    names.insert(name, at: names.isEmpty ? 0 : 1 + chance.below(names.count))
  }

  /// The same name in another spelling.
  static func variant(of name: String, _ chance: inout Chance) -> String {
    switch chance.below(5) {
    case 0: return name.uppercased()
    case 1: return name.lowercased()
    case 2: return name.replacing(" ", with: "  ") + "."
    case 3: return name.hasSuffix("s") ? String(name.dropLast()) : name + "s"
    default: return " " + name.replacing(" ", with: "-")
    }
  }
}

/// The names from a factor down to a node.
struct NodePath {
  let names: [String]

  /// Reads the inputs `factor`, `node` and `path`; the factor's name wins over the path's first.
  init(_ inputs: EmbeddedInputs) throws(TeacherError) {
    let factor = try inputs.text("factor")
    let node = try inputs.text("node")
    let path = try inputs.text("path")
    var names = path.split(separator: " > ").map { String($0) }
    if names.isEmpty {
      let isRoot = EmbeddedTree.nameKey(node) == EmbeddedTree.nameKey(factor)
      names = isRoot ? [factor] : [factor, node]
    }
    names[0] = factor
    self.names = names
  }
}
