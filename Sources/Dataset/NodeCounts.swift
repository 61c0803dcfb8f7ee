package import ArtifactStore
import CanonicalJSON

/// What the records of a version say about each taxonomy node.
package struct NodeCounts: Sendable {
  /// In how many of the proposals for a node's parent its name stood.
  package struct Votes: Sendable, Hashable {
    package var count = 0
    package var proposals = 0
  }

  private var slots: [NodeID: Int] = [:]
  private var samples: [NodeID: Int] = [:]
  private var votes: [NodeID: Votes] = [:]

  /// Counts nothing, for sources without a version.
  package init() {}

  /// Counts the slots and samples that drew each node or one below it.
  ///
  /// - Parameters:
  ///   - sources: The trees that say what is below what.
  ///   - version: The version whose records count.
  ///   - instances: How many slots in a row share a mix.
  ///   - wanted: How many samples were wanted, since the last slots that share a mix may be fewer.
  /// - Throws: What reading records throws.
  package init(
    _ sources: Sources, in version: Version, instances: Int, wanted: Int? = nil
  ) throws {
    func size(_ group: Slot) -> Int {
      guard let number = group.number, let wanted, number * instances < wanted else {
        return group.number == nil ? 1 : instances
      }
      return min(instances, wanted - number * instances)
    }
    var ancestors: [NodeID: [NodeID]] = [:]
    for taxonomy in sources.taxonomies {
      for node in taxonomy.nodes {
        let above = node.parent.flatMap { ancestors[$0] } ?? []
        ancestors[node.id] = above + [node.id]
      }
    }
    // Two mixes of a slot: that of its sample, and one drawn since without going on to samples.
    let repeated = try Self.repeatedSlots(in: version)
    var drawn: [Slot: Set<NodeID>] = [:]
    let byMix = repeated.isEmpty ? [:] : try Self.samplesByMix(in: version)
    let bySlot = repeated.isEmpty ? try SlotUse(version, instances: instances).samples : [:]
    try version.forEachRecord(.mixes) { record throws(StoreError) in
      let mix = try record.value()
      guard let slot = Slot(mix["slot"]) else { return }
      // Two nodes of one mix have no ancestor in common, unless an edit put them into one factor.
      var counted = Set<NodeID>()
      for text in mix["nodes"]?.array ?? [] {
        guard let id = text.string.flatMap({ NodeID($0) }) else { continue }
        counted.formUnion(ancestors[id] ?? [])
      }
      for id in counted { samples[id, default: 0] += bySlot[slot] ?? byMix[record.id] ?? 0 }
      if repeated.contains(slot) {
        drawn[slot, default: []].formUnion(counted)
      } else {
        for id in counted { slots[id, default: 0] += size(slot) }
      }
    }
    for (slot, nodes) in drawn { for id in nodes { slots[id, default: 0] += size(slot) } }
    votes = try Self.votes(sources, in: version)
  }

  /// How many slots drew the node or one below it.
  package func slots(_ id: NodeID) -> Int { slots[id] ?? 0 }
  /// How many samples are kept in those slots.
  package func samples(_ id: NodeID) -> Int { samples[id] ?? 0 }
  /// What the proposals say of the node; nil where no record speaks of it.
  package func votes(_ id: NodeID) -> Votes? { votes[id] }

  /// How many samples each mix has, by their meta-prompts.
  private static func samplesByMix(in version: Version) throws -> [RecordID: Int] {
    var mixes: [RecordID: RecordID] = [:]
    try version.forEachRecord(.metaPrompts) { record throws(StoreError) in
      mixes[record.id] = try record.value()["mix"]?.string.flatMap(RecordID.init(hex:))
    }
    var samples: [RecordID: Int] = [:]
    try version.forEachRecord(.samples) { record throws(StoreError) in
      let metaPrompt = try record.value()["meta-prompt"]?.string.flatMap(RecordID.init(hex:))
      if let mix = metaPrompt.flatMap({ mixes[$0] }) { samples[mix, default: 0] += 1 }
    }
    return samples
  }

  /// The slots of which two mixes are live.
  private static func repeatedSlots(in version: Version) throws -> Set<Slot> {
    var (seen, repeated) = (Set<Slot>(), Set<Slot>())
    try SlotUse.forEachSlot(.mixes, in: version) { slot, _ in
      if !seen.insert(slot).inserted { repeated.insert(slot) }
    }
    return repeated
  }

  private static func votes(
    _ sources: Sources, in version: Version
  ) throws -> [NodeID: Votes] {
    var births: [NodeID: NodeID] = [:]
    // A name that the critic replaced speaks for the one that took its place.
    for record in try version.records(.edits) {
      let edit = try record.value()
      let parent = edit["node"]?.string.flatMap { NodeID($0) }
      guard edit["outcome"]?.string == "applied",
        ["rename", "merge"].contains(edit["action"]?.string ?? ""),
        let name = edit["candidate"]?.string, let target = edit["target"]?.string
      else { continue }
      births[NodeID(bornUnder: parent, name: name)] = NodeID(bornUnder: parent, name: target)
    }
    var totals: [NodeID?: Int] = [:]
    var counts: [NodeID: Int] = [:]
    for record in try version.records(.proposals) {
      let proposal = try record.value()
      let parent = proposal["node"]?.string.flatMap { NodeID($0) }
      totals[parent, default: 0] += 1
      var named = Set<NodeID>()
      for name in proposal["names"]?.array ?? [] {
        let id = NodeID(bornUnder: parent, name: name.string ?? "")
        named.formUnion([id, births[id]].compactMap(\.self))
      }
      for id in named { counts[id, default: 0] += 1 }
    }
    var votes: [NodeID: Votes] = [:]
    for node in sources.taxonomies.flatMap(\.nodes) {
      // Whom no proposal names a person added.
      guard let total = totals[node.parent], let count = counts[node.id] else { continue }
      votes[node.id] = Votes(count: count, proposals: total)
    }
    return votes
  }
}

/// How many nodes of one level of a tree are covered: drawn by a slot, or kept in a sample.
///
/// A node covers its ancestors.
package struct LevelCoverage: Sendable, Hashable {
  package let level: Int
  package let nodeCount: Int
  package let drawnCount: Int
  package let sampledCount: Int

  /// The coverage of each level of a tree, the root's at 0.
  package static func levels(of taxonomy: Taxonomy, _ counts: NodeCounts) -> [LevelCoverage] {
    var depths: [NodeID: Int] = [:]
    var levels: [[NodeID]] = []
    for node in taxonomy.nodes {
      let depth = node.parent.flatMap { depths[$0] }.map { $0 + 1 } ?? 0
      depths[node.id] = depth
      if depth == levels.count { levels.append([]) }
      levels[depth].append(node.id)
    }
    return levels.enumerated().map { level, nodes in
      LevelCoverage(
        level: level, nodeCount: nodes.count, drawnCount: nodes.count { counts.slots($0) > 0 },
        sampledCount: nodes.count { counts.samples($0) > 0 })
    }
  }
}
