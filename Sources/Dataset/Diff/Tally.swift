import ArtifactStore
import CanonicalJSON

/// What one version holds of attempts and verdicts.
struct Tally {
  var taxonomies: [Taxonomy] = []
  var levels: [NodeID: [LevelCoverage]] = [:]
  var attempts = Shifts.Share()
  var roles: [String: Shifts.Share] = [:]
  var branches: [String: Shifts.Share] = [:]
  /// How many drafts were rejected, by the reason.
  var reasons: [String: Int] = [:]

  init(_ version: Version) throws {
    let recipe = version.readableRecipe
    let instances = recipe?.metaPrompts.instances ?? 1
    let sources = version.readableSources
    taxonomies = sources?.taxonomies ?? []
    if let sources {
      let counts = try NodeCounts(
        sources, in: version, instances: instances, wanted: recipe?.sampleCount)
      for tree in taxonomies {
        levels[tree.root.id] = LevelCoverage.levels(of: tree, counts)
      }
    }
    let names = try Self.branchNames(version, SourcePaths(sources))
    func count(_ slot: Slot, isAccepted: Bool) {
      attempts.add(isAccepted)
      for name in names[slot.group(instances: instances)] ?? [] {
        branches[name, default: Shifts.Share()].add(isAccepted)
      }
    }
    try SlotUse.forEachSlot(.samples, in: version) { slot, _ in count(slot, isAccepted: true) }
    try version.forEachRecord(.rejections) { record throws(StoreError) in
      let value = try record.value()
      reasons[value["reason"]?.string ?? "", default: 0] += 1
      // A refined draft is no attempt of its own.
      guard value["reason"]?.string != "refined", let slot = Slot(value["slot"]) else { return }
      count(slot, isAccepted: false)
    }
    try version.forEachRecord(.verdicts) { record throws(StoreError) in
      let value = try record.value()
      guard let role = value["role"]?.string, let outcome = value["outcome"]?.string else { return }
      // The critic of wrong answers lets a draft pass by saying no.
      let passes = role == "ask-incorrect" ? ["no"] : ["accept", "yes", "same"]
      roles[role, default: Shifts.Share()].add(passes.contains(outcome))
    }
  }

  /// The branches of the mix of each slot, or of those that share it.
  private static func branchNames(
    _ version: Version, _ paths: SourcePaths
  ) throws -> [Slot: [String]] {
    var known: [NodeID: String] = [:]
    var found: [Slot: [String]] = [:]
    try version.forEachRecord(.mixes) { record throws(StoreError) in
      let mix = try record.value()
      guard let slot = Slot(mix["slot"]) else { return }
      var names = Set<String>()
      for id in mix["nodes"]?.array ?? [] {
        guard let id = id.string.flatMap({ NodeID($0) }) else { continue }
        let name = known[id] ?? paths.path(to: id).prefix(2).joined(separator: " > ")
        known[id] = name
        if !name.isEmpty { names.insert(name) }
      }
      found[slot] = Array(names)
    }
    return found
  }
}

extension Shifts.Share {
  fileprivate mutating func add(_ isAccepted: Bool) {
    total += 1
    if isAccepted { accepted += 1 }
  }
}
