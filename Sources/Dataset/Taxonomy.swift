import ArtifactStore

/// The identity of a taxonomy node: 16 hexadecimal digits, kept through rename and move.
package struct NodeID: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// What the digits stand for.
  package let value: UInt64

  /// Reads 16 lower-case hexadecimal digits, or returns nil.
  package init?(_ text: String) {
    guard text.utf8.count == 16, let bytes = Hex.bytes(text) else { return nil }
    value = bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Takes what 16 digits stand for.
  init(_ value: UInt64) { self.value = value }

  /// The identity a node gets at birth, from its parent's (nil for a root) and its name then.
  package init(bornUnder parent: NodeID?, name: String) {
    var hash = FramedHash(domain: "stemma node 1")
    hash.add(parent?.text ?? "")
    hash.add(NodeName.normalized(name))
    value = hash.finish().leadingWord
  }

  package var text: String { withUnsafeBytes(of: value.bigEndian) { Hex.text($0) } }
  package var description: String { text }
  package static func < (left: NodeID, right: NodeID) -> Bool { left.value < right.value }
}

/// How names of factors and nodes compare.
package enum NodeName {
  /// Lower case, with every run of anything but letters and digits as one space.
  package static func normalized(_ name: String) -> String {
    if name.utf8.allSatisfy({ $0 < 0x80 }) { return normalized(plain: name) }
    var words: [String] = []
    var word = ""
    for character in name.lowercased() {
      if character.isLetter || character.isNumber {
        word.append(character)
      } else if !word.isEmpty {
        words.append(word)
        word = ""
      }
    }
    if !word.isEmpty { words.append(word) }
    return words.joined(separator: " ")
  }

  /// The same of a name in ASCII, as most are, for which no character needs to be looked up.
  private static func normalized(plain name: String) -> String {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(name.utf8.count)
    var isGap = false
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "A")...UInt8(ascii: "Z"):
        if isGap, !bytes.isEmpty { bytes.append(UInt8(ascii: " ")) }
        isGap = false
        let isUpper = byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
        bytes.append(isUpper ? byte | 0x20 : byte)
      default: isGap = true
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The tree of one factor, as its text in `taxonomies/` states it.
package struct Taxonomy: Sendable, Hashable {
  package struct Node: Sendable, Hashable {
    package let id: NodeID
    package var parent: NodeID?
    package var name: String
    /// Relative to its siblings; more than 0.
    package var weight: Double
    /// A person's mark that regrowth must keep this node.
    package var isPinned: Bool
    /// A node whose expansion failed, which stays a leaf.
    package var isUnexpanded: Bool
    /// A node that the frontier cap kept from growing, which stays a leaf.
    package var isCapped: Bool

    package init(
      id: NodeID, parent: NodeID?, name: String, weight: Double = 1, isPinned: Bool = false,
      isUnexpanded: Bool = false, isCapped: Bool = false
    ) {
      self.id = id
      self.parent = parent
      self.name = name
      self.weight = weight
      self.isPinned = isPinned
      self.isUnexpanded = isUnexpanded
      self.isCapped = isCapped
    }
  }

  /// All nodes, parents before children, siblings in the order of the text; the first is the root.
  package let nodes: [Node]
  private let places: [NodeID: Int]
  private let children: [NodeID: [Node]]

  /// Takes nodes in depth-first order, the root first; the caller has checked the tree.
  package init(nodes: [Node]) {
    self.nodes = nodes
    places = Dictionary(uniqueKeysWithValues: nodes.enumerated().map { ($1.id, $0) })
    children = Dictionary(grouping: nodes.filter { $0.parent != nil }, by: \.parent)
      .reduce(into: [:]) { result, entry in
        if let parent = entry.key { result[parent] = entry.value }
      }
  }

  package var root: Node { nodes[0] }
  package func find(_ id: NodeID) -> Node? { places[id].map { nodes[$0] } }
  package func children(of id: NodeID) -> [Node] { children[id] ?? [] }
  package func isLeaf(_ id: NodeID) -> Bool { children[id] == nil }

  /// The nodes from the root down to and with this one.
  package func path(to id: NodeID) -> [Node] {
    var path: [Node] = []
    var next = find(id)
    while let node = next {
      path.append(node)
      next = node.parent.flatMap(find)
    }
    return path.reversed()
  }

  /// The depth of a node; the root is at 0.
  package func level(of id: NodeID) -> Int { path(to: id).count - 1 }
}

/// A weighted group of sub-trees that combine sensibly.
package struct Strategy: Sendable, Hashable {
  package let id: NodeID
  package var name: String
  package var weight: Double
  /// The roots of the sub-trees, one of each factor that takes part.
  package var roots: [NodeID]
  /// Pairs of nodes of different factors whose descendants never combine.
  package var never: [Pair]
  /// What is otherwise than the recipe says for the samples of this strategy.
  package var overrides = Overrides()

  /// Knobs that a strategy may set for itself; nil leaves one to the recipe.
  package struct Overrides: Sendable, Hashable {
    /// K: how many scenarios are written in one call.
    package var candidates: Int?
    /// c: the share of scenarios that are made more complex.
    package var fraction: Double?
    package var judgesRequirements: Bool?
    package var refineRounds: Int?
    package var double: CriticKnobs.Double?
    package init() {}
  }

  package struct Pair: Sendable, Hashable {
    package let first: NodeID
    package let second: NodeID

    package init(_ first: NodeID, _ second: NodeID) {
      self.first = first
      self.second = second
    }
  }

  package init(id: NodeID, name: String, weight: Double, roots: [NodeID], never: [Pair] = []) {
    self.id = id
    self.name = name
    self.weight = weight
    self.roots = roots
    self.never = never
  }

  /// The identity a strategy gets at birth, from the sub-trees it joined then.
  package static func identity(bornOf roots: [NodeID]) -> NodeID {
    NodeID(bornUnder: nil, name: "strategy " + roots.map(\.text).sorted().joined(separator: " "))
  }
}

/// The generated texts that people may edit: factors.yaml, taxonomies/ and strategies.yaml.
package struct Sources: Sendable, Hashable {
  /// In the order of factors.yaml.
  package var taxonomies: [Taxonomy]
  package var strategies: [Strategy]

  package init(taxonomies: [Taxonomy], strategies: [Strategy]) {
    self.taxonomies = taxonomies
    self.strategies = strategies
  }

  package func taxonomy(holding id: NodeID) -> Taxonomy? {
    taxonomies.first { $0.find(id) != nil }
  }
}
