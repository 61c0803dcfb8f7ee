import ArtifactStore
import CanonicalJSON
import Dataset

/// Derives from a taxonomy's text the object that holds the provenance of each node.
enum TaxonomyObjects {
  /// Makes one canonical object a factor, from the proposals and edits that are live.
  static func make(_ sources: Sources, records: [Record]) throws(StoreError) -> [[UInt8]] {
    var proposals: [NodeID: [RecordID]] = [:]
    var edits: [NodeID: [RecordID]] = [:]
    for record in records {
      for node in NodeBirth.all(in: try record.value(), of: record.kind).map(\.id) {
        switch record.kind {
        case .proposals: proposals[node, default: []].append(record.id)
        case .edits: edits[node, default: []].append(record.id)
        default: continue
        }
      }
    }
    return sources.taxonomies.map { taxonomy in
      let nodes = taxonomy.nodes.map { node -> JSON in
        [
          "edits": ids(edits[node.id]), "id": .string(node.id.text),
          "level": JSON(taxonomy.level(of: node.id)), "name": .string(node.name),
          "parent": .string(node.parent?.text ?? ""), "proposals": ids(proposals[node.id]),
          "weight": .number(node.weight),
        ]
      }
      return (["factor": .string(taxonomy.root.id.text), "nodes": .array(nodes)] as JSON)
        .canonicalBytes
    }
  }

  private static func ids(_ ids: [RecordID]?) -> JSON {
    .array(Set(ids ?? []).sorted().map { .string($0.hex) })
  }
}
