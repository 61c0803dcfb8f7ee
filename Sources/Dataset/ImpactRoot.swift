package import ArtifactStore
package import Git

/// What a question of impact starts from: something that other things descend from.
package enum ImpactRoot: Sendable, Hashable {
  /// A taxonomy node with all below it.
  case node(NodeID)
  case strategy(NodeID)
  /// A record of a version.
  case record(RecordKind, RecordID)
  case call(RecordID)
  case calls(Set<RecordID>)
  /// All recorded calls to a model.
  case model(String)
  /// All recorded calls with a prompt of some task.
  case template(String)
  /// What the versions of a run had first.
  case run(String)
  /// What a version had first.
  case version(ObjectID)
  /// What some stages of a run left, and what followed from that.
  case stages(Set<StageOutput>)
}

/// What the stages of a run leave, in their order.
package enum StageOutput: String, Sendable, Hashable, CaseIterable {
  case factors, taxonomies, strategies, mixes
  case metaPrompts = "meta-prompts"
  case samples
}

/// The live records of a version that descend from something.
package struct ImpactResult: Sendable, Hashable {
  /// In no order; a root that is a record is not among them, unless it also descends from itself.
  package var records: [RecordKind: [RecordID]] = [:]

  package init() {}

  package func count(_ kind: RecordKind) -> Int { records[kind]?.count ?? 0 }
  package var isEmpty: Bool { records.values.allSatisfy(\.isEmpty) }
}
