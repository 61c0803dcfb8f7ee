package import ArtifactStore
package import CanonicalJSON
import Git

/// A node as a record of growth names it: by its name at birth, which its id was made from.
package struct NodeBirth: Sendable {
  package let id: NodeID
  package let name: String

  /// The nodes that a proposal or an edit of the critic names; none for a record of another kind.
  package static func all(in value: JSON, of kind: RecordKind) -> [NodeBirth] {
    let names: [String]
    switch kind {
    case .proposals: names = value["names"]?.array?.compactMap(\.string) ?? []
    case .edits:
      names = [value["candidate"], value["target"]].compactMap { $0?.string }
        .filter { !$0.isEmpty }
    default: names = []
    }
    let parent = value["node"]?.string.flatMap { NodeID($0) }
    return names.map { NodeBirth(id: NodeID(bornUnder: parent, name: $0), name: $0) }
  }
}

// MARK: - What people made

extension NodeBirth {
  /// So many older texts are read at most: people seldom edit, and an older name is soon found.
  private static let textCount = 64

  /// The names at birth of nodes that have other ones now, as far as older versions tell.
  ///
  /// - Parameters:
  ///   - nodes: Nodes of a version's text.
  ///   - version: The version.
  /// - Returns: The names by the nodes; none of a node that has the name that it had.
  /// - Complexity: Nothing is read unless some node's id was made from another name, or under another parent.
  static func names(of nodes: [Taxonomy.Node], before version: Version) -> [NodeID: String] {
    var sought = Set<NodeID>()
    for node in nodes where NodeID(bornUnder: node.parent, name: node.name) != node.id {
      sought.insert(node.id)
    }
    guard !sought.isEmpty,
      let commits = try? version.store.repository.history(from: [version.commit.id], limit: 1000)
    else { return [:] }
    let current = Dictionary(
      nodes.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    var names: [NodeID: String] = [:]
    var seen = Set<[ObjectID?]>()
    for commit in commits where !sought.isEmpty && seen.count < textCount {
      guard let old = try? version.store.version(commit.id),
        let paths = try? [FactorsText.path, ArtifactPath.taxonomies].map({ path in
          try version.store.repository.find(path: path, inTree: old.tree)?.id
        }), seen.insert(paths).inserted,
        let sources = try? Sources.decode(readFile: { path in try old.file(path) })
      else { continue }
      for node in sources.taxonomies.flatMap(\.nodes) where sought.contains(node.id) {
        guard NodeID(bornUnder: node.parent, name: node.name) == node.id else { continue }
        sought.remove(node.id)
        let isKept = current[node.id].map(NodeName.normalized) == NodeName.normalized(node.name)
        if !isKept { names[node.id] = node.name }
      }
    }
    return names
  }
}
