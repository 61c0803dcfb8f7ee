import Dataset

/// Trees written as indented names.
enum Grove {
  /// A taxonomy from lines such as `  Fruit *3`, where two spaces make one level and `*3` is the
  /// weight.
  static func taxonomy(_ text: String) -> Taxonomy {
    var path: [NodeID] = []
    var nodes: [Taxonomy.Node] = []
    for line in text.split(separator: "\n") {
      let depth = line.prefix { $0 == " " }.count / 2
      let parts = line.drop { $0 == " " }.split(separator: " *")
      path.removeLast(path.count - depth)
      let id = NodeID(bornUnder: path.last, name: String(parts[0]))
      nodes.append(
        Taxonomy.Node(
          id: id, parent: path.last, name: String(parts[0]),
          weight: parts.count > 1 ? Double(parts[1]) ?? 1 : 1))
      path.append(id)
    }
    return Taxonomy(nodes: nodes)
  }

  static func strategy(
    _ roots: [NodeID], weight: Double = 1, never: [Strategy.Pair] = []
  ) -> Strategy {
    Strategy(
      id: Strategy.identity(bornOf: roots), name: "S", weight: weight, roots: roots, never: never)
  }

  /// Sources with one strategy that joins everything.
  static func sources(_ texts: String..., never: [(String, String)] = []) -> Sources {
    let taxonomies = texts.map(taxonomy)
    let sources = Sources(taxonomies: taxonomies, strategies: [])
    let pairs = never.map { Strategy.Pair(sources.id($0.0), sources.id($0.1)) }
    return Sources(
      taxonomies: taxonomies, strategies: [strategy(taxonomies.map(\.root.id), never: pairs)])
  }
}

extension Sources {
  /// The id of the first node of a name; that of nothing when there is none.
  func id(_ name: String) -> NodeID {
    taxonomies.flatMap(\.nodes).first { $0.name == name }?.id
      ?? NodeID(bornUnder: nil, name: "nothing of the name \(name)")
  }

  /// The same with the nodes of one taxonomy changed.
  func editing(_ name: String, _ edit: (inout [Taxonomy.Node]) -> Void) -> Sources {
    var sources = self
    for index in taxonomies.indices where taxonomies[index].root.name == name {
      sources.taxonomies[index] = taxonomies[index].editing(edit)
    }
    return sources
  }

  func names(_ factor: String) -> [String] {
    taxonomies.first { $0.root.name == factor }?.nodes.map(\.name) ?? []
  }
}

extension Taxonomy {
  /// The tree of edited nodes; what no longer hangs on the root is left out.
  func editing(_ edit: (inout [Node]) -> Void) -> Taxonomy {
    var edited = nodes
    edit(&edited)
    let children = Dictionary(grouping: edited, by: \.parent)
    func walk(_ node: Node) -> [Node] { [node] + (children[node.id] ?? []).flatMap(walk) }
    return Taxonomy(nodes: (children[nil] ?? []).flatMap(walk))
  }

  var leaves: [Node] { nodes.filter { isLeaf($0.id) } }
}

extension Slot: ExpressibleByIntegerLiteral {
  public init(integerLiteral number: Int) { self = .numbered(number) }
}
