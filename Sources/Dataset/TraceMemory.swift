import Git
import Synchronization

/// What the descents of many records share: the nodes of the taxonomies with what made them, and versions.
///
/// It holds no more than one of each.
final class TraceMemory: Sendable {
  private let nodes = Mutex<[NodeID: TraceNode]>([:])
  private let versions = Mutex<[ObjectID: TraceNode]>([:])

  func node(_ id: NodeID, relation: String, _ make: () throws -> TraceNode) throws -> TraceNode {
    if var known = nodes.withLock({ $0[id] }) {
      known.relation = relation
      return known
    }
    let node = try make()
    nodes.withLock { $0[id] = node }
    return node
  }

  func version(_ id: ObjectID, _ make: () throws -> TraceNode) throws -> TraceNode {
    if let known = versions.withLock({ $0[id] }) { return known }
    let node = try make()
    versions.withLock { $0[id] = node }
    return node
  }
}
