@testable import Dataset

/// Small sources for tests of edits.
enum Orchard {
  /// A tree from lines such as `  Apple`, where two spaces make one level.
  static func taxonomy(_ text: String) -> Taxonomy {
    var path: [NodeID] = []
    var nodes: [Taxonomy.Node] = []
    for line in text.split(separator: "\n") {
      let depth = line.prefix { $0 == " " }.count / 2
      let name = String(line.drop { $0 == " " })
      path.removeLast(path.count - depth)
      let id = NodeID(bornUnder: path.last, name: name)
      nodes.append(Taxonomy.Node(id: id, parent: path.last, name: name))
      path.append(id)
    }
    return Taxonomy(nodes: nodes)
  }

  /// Two factors and a strategy that joins `Fruit > Pome` with `Place` but for one pair.
  static var sources: Sources {
    let fruit = taxonomy("Fruit\n  Pome\n    Apple\n    Pear\n  Stone\n    Plum\n    Pear\n  Fig")
    let place = taxonomy("Place\n  Farm\n  Shop")
    let sources = Sources(taxonomies: [fruit, place], strategies: [])
    let roots = [sources.id("Pome"), place.root.id]
    return Sources(
      taxonomies: [fruit, place],
      strategies: [
        Strategy(
          id: Strategy.identity(bornOf: roots), name: "Main", weight: 1, roots: roots,
          never: [Strategy.Pair(sources.id("Apple"), sources.id("Shop"))])
      ])
  }
}

extension Sources {
  /// The id of the first node of a name.
  func id(_ name: String) -> NodeID {
    taxonomies.flatMap(\.nodes).first { $0.name == name }?.id ?? NodeID(bornUnder: nil, name: "?")
  }

  func node(_ id: NodeID) -> Taxonomy.Node? { taxonomy(holding: id)?.find(id) }

  func names(under id: NodeID) -> [String] {
    taxonomy(holding: id)?.children(of: id).map(\.name) ?? []
  }

  /// The texts by path.
  var files: [String: [UInt8]] {
    Dictionary(uniqueKeysWithValues: encode().map { ($0.path, Array($0.text.utf8)) })
  }
}
