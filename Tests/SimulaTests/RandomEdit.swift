import Dataset
import Foundation
import Simula

/// One change that a person makes between two runs.
enum RandomEdit: CustomStringConvertible {
  case knob([String], String)
  case rename, removeLeaf, reweight, move, addLeaf
  case strategyWeight
  case prompt(String)

  static let knobs: [([String], [String])] = [
    (["samples"], ["5", "8", "10"]),
    (["random-seed"], ["7", "8"]),
    (["complexity", "fraction"], ["0", "0.5", "1"]),
    (["meta-prompts", "candidates"], ["1", "2", "3"]),
    (["critics", "double"], ["ask", "solve", "off"]),
    (["critics", "requirements"], ["true", "false"]),
    (["critics", "refine"], ["0", "1", "2"]),
    (["slots", "attempts"], ["1", "2", "4"]),
    (["slots", "extra"], ["0", "0.5"]),
    (["teachers", "default", "wrong-answers"], ["0.2", "0.5"]),
    (["teachers", "default", "accepts-right"], ["0.9", "0.6"]),
  ]
  static let dataTasks = [
    "meta-prompts", "complexify", "generate", "refine", "judge-requirements", "ask-correct",
    "ask-incorrect", "solve", "solve-check",
  ]

  static func random(_ random: inout SplitMix) -> RandomEdit {
    switch Int.random(in: 0..<12, using: &random) {
    case 0: return .rename
    case 1: return .removeLeaf
    case 2: return .reweight
    case 3: return .move
    case 4: return .addLeaf
    case 5: return .strategyWeight
    case 6: return .prompt(dataTasks.randomElement(using: &random) ?? "generate")
    default:
      let (path, values) = knobs.randomElement(using: &random) ?? (["samples"], ["12"])
      return .knob(path, values.randomElement(using: &random) ?? "12")
    }
  }

  var description: String {
    switch self {
    case .knob(let path, let value): "\(path.joined(separator: ".")) = \(value)"
    case .rename: "rename a leaf"
    case .removeLeaf: "remove a leaf"
    case .reweight: "reweight a node"
    case .move: "move a leaf"
    case .addLeaf: "add a leaf"
    case .strategyWeight: "reweight a strategy"
    case .prompt(let task): "edit prompt \(task)"
    }
  }

  func apply(to lab: Lab, _ random: inout SplitMix) throws {
    switch self {
    case .knob(let path, let value): try lab.set(path, to: value)
    case .prompt(let task):
      let path = "prompts/\(task).mustache"
      let line = "Take your time \(Int.random(in: 0..<3, using: &random)).\n"
      let text = try lab.read(path)
      // There and back: a line that was added is taken away again.
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let plain = lines.filter { !$0.hasPrefix("Take your time") }.joined(separator: "\n")
      try lab.write(path, plain == text ? text + line : plain)
    default:
      guard let sources = try lab.sources else { return }
      try lab.write(edited(sources, &random))
    }
  }

  private func edited(_ sources: Sources, _ random: inout SplitMix) -> Sources {
    var sources = sources
    if case .strategyWeight = self {
      guard let index = sources.strategies.indices.randomElement(using: &random) else {
        return sources
      }
      sources.strategies[index].weight = Double(Int.random(in: 1...6, using: &random))
      return sources
    }
    guard let factor = sources.taxonomies.indices.randomElement(using: &random) else {
      return sources
    }
    let used = Set(
      sources.strategies.flatMap { $0.roots + $0.never.flatMap { [$0.first, $0.second] } })
    let taxonomy = sources.taxonomies[factor]
    let leaves = taxonomy.leaves.filter { !used.contains($0.id) && $0.parent != nil }
    let inner = taxonomy.nodes.filter { !taxonomy.isLeaf($0.id) }
    guard leaves.count > 3, let leaf = leaves.randomElement(using: &random),
      let parent = inner.randomElement(using: &random)
    else { return sources }
    let number = Int.random(in: 0..<1000, using: &random)
    sources.taxonomies[factor] = taxonomy.editing { nodes in
      switch self {
      case .removeLeaf: nodes.removeAll { $0.id == leaf.id }
      case .addLeaf:
        let name = "New leaf \(number)"
        let id = NodeID(bornUnder: parent.id, name: name)
        if !nodes.contains(where: { $0.id == id }) {
          nodes.append(Taxonomy.Node(id: id, parent: parent.id, name: name))
        }
      default:
        guard let place = nodes.firstIndex(where: { $0.id == leaf.id }) else { return }
        switch self {
        case .rename: nodes[place].name = "Renamed leaf \(number)"
        case .reweight: nodes[place].weight = Double(number % 5) + 0.5
        default: nodes[place].parent = parent.id
        }
      }
    }
    return sources
  }
}
