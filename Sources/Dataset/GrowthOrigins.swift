import ArtifactStore
import CanonicalJSON
import Git

/// Where the nodes and strategies of a version's text come from.
struct GrowthOrigins {
  let sources: Sources?
  /// The proposals and edits of each node, as the version's taxonomy objects note them.
  private var made: [NodeID: (proposals: [RecordID], edits: [RecordID])] = [:]
  private let planned: Set<NodeID>

  init(_ version: Version) throws {
    sources = try Sources.decode(readFile: { path in try version.file(path) })
    planned = Set(try version.plannedStrategies())
    let files = try version.store.repository.files(
      inTree: version.tree, under: ArtifactPath.taxonomies)
    for file in files where ArtifactPath(file.path)?.isShard == false {
      let object = try JSON(parsing: try version.store.reader.artifact(file.entry.id))
      for node in object["nodes"]?.array ?? [] {
        guard let id = node["id"]?.string.flatMap({ NodeID($0) }) else { continue }
        func records(_ member: String) -> [RecordID] {
          node[member]?.array?.compactMap { $0.string.flatMap(RecordID.init(hex:)) } ?? []
        }
        made[id] = (records("proposals"), records("edits"))
      }
    }
  }

  func proposals(of node: NodeID) -> [RecordID] { made[node]?.proposals ?? [] }
  func edits(of node: NodeID) -> [RecordID] { made[node]?.edits ?? [] }
  /// Whether the planner made a strategy.
  func isPlanned(_ strategy: NodeID) -> Bool { planned.contains(strategy) }

  func strategy(_ id: NodeID) -> Strategy? { sources?.strategies.first { $0.id == id } }

  /// The names from the factor down to a node; nil for one that is in no tree any more.
  func path(to node: NodeID) -> [Taxonomy.Node]? {
    sources?.taxonomy(holding: node).map { $0.path(to: node) }
  }

  /// The node or strategy that a text means, or nil when it is none or means several.
  func reference(_ text: String) -> Trace.Root? {
    guard let sources else { return nil }
    let strategies = sources.strategies.filter {
      $0.name == text
        || text.utf8.count >= NodeReference.minimumDigits
          && $0.id.text.hasPrefix(text.lowercased())
    }
    if let node = try? NodeReference(sources).find(text) {
      return strategies.isEmpty ? .node(node) : nil
    }
    return strategies.count == 1 ? .strategy(strategies[0]) : nil
  }
}
