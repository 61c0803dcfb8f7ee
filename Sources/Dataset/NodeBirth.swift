package import ArtifactStore
package import CanonicalJSON

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
