package import Dataset
import Pipeline

/// What an edit of the sources does to the slots and samples of a dataset.
///
/// A slot moves when its mix is another. A slot that stays is reworded when the requests about it say
/// something else, as after a rename. It has other knobs when its strategy makes samples otherwise.
/// Samples of all three become stale.
package struct SourceEffect: Sendable, Hashable {
  /// How many slots were compared: those that are wanted, and further ones that keep samples.
  package private(set) var slotCount = 0
  package private(set) var movedSlots = 0
  package private(set) var rewordedSlots = 0
  /// How many slots are of a strategy that makes samples otherwise than before.
  package private(set) var retunedSlots = 0
  package private(set) var keptSamples = 0
  package private(set) var staleSamples = 0
  /// All of these slots in order.
  package private(set) var staleSlots: [StaleSlot] = []
  /// What happens to strategies and their pairs, in words.
  package private(set) var strategies: [String] = []
  /// How many answers the next run needs for what is stale, by what the last version's samples took.
  ///
  /// Nil where no version has samples. Recorded answers may make it less.
  package private(set) var estimatedCalls: Int?
  /// Whether there was something to compare with.
  package private(set) var isFirst = false
  /// Whether no strategy is left, so that the next run plans anew and any slot may move.
  package private(set) var plansAnew = false
  /// What the next run grows besides.
  package private(set) var growths: [Growth] = []
  /// The stages that are stale for another reason than the edit: recipe, prompts, teachers or recalls.
  package private(set) var otherStages: [StageName] = []

  /// A slot whose sample is to be made or judged again.
  package struct StaleSlot: Sendable, Hashable {
    package enum Reason: String, Sendable {
      case moved, reworded
      case knobs = "other-knobs"
    }
    package let slot: Slot
    package let reason: Reason
  }

  /// A factor that models divide in the next run, with the answers that this may take.
  package struct Growth: Sendable, Hashable {
    package let factor: NodeID
    package let name: String
    package let estimatedCalls: Int
  }

  /// Whether the edit itself makes nothing stale; a recipe that changed too does not count.
  package var isNothing: Bool {
    movedSlots == 0 && rewordedSlots == 0 && retunedSlots == 0 && strategies.isEmpty
      && growths.isEmpty && !plansAnew
  }

  /// Compares two states of the sources under one recipe.
  ///
  /// - Parameters:
  ///   - before: The sources that the samples were made from, nil when there were none.
  ///   - after: The sources as edited.
  ///   - recipe: Says how many slots there are, and the random seed.
  ///   - use: The samples that are kept.
  ///   - plan: What is stale with the edit, to tell what a run does besides; nil tells nothing of it.
  ///   - recalls: What must not be used in either state.
  /// - Throws: ``SimulaError`` when a slot finds no mix that the pairs allow.
  package init(
    from before: Sources?, to after: Sources, recipe: Recipe, use: SlotUse, plan: RunPlan? = nil,
    recalls: (before: Recalls, after: Recalls) = (Recalls(), Recalls())
  ) throws(SimulaError) {
    let before = before?.without(recalls.before.nodes)
    let after = after.without(recalls.after.nodes)
    let recalled = (before: recalls.before.mixes, after: recalls.after.mixes)
    if let plan {
      otherStages = plan.stages.filter { [.redefined, .recalled].contains($0.freshness) }
        .map(\.stage)
      let calls = RegrowthPlan.likelyCalls(recipe.taxonomy)
      growths = after.taxonomies.map(\.root).filter { plan.bareRoots.contains($0.id) }
        .map { Growth(factor: $0.id, name: $0.name, estimatedCalls: calls) }
    }
    keptSamples = use.sampleCount
    let most = recipe.sampleCount + recipe.slots.extra(of: recipe.sampleCount)
    let groupSize = recipe.metaPrompts.instances
    let lastUsed = use.samples.keys.compactMap(\.number).max() ?? -1
    slotCount = max(recipe.sampleCount, min(most, (lastUsed + 1) * groupSize))
    guard let before, !before.strategies.isEmpty else {
      isFirst = true
      return
    }
    strategies = StrategyChanges.words(from: before, to: after)
    guard !after.strategies.isEmpty else {
      plansAnew = true
      movedSlots = slotCount
      staleSamples = keptSamples
      let gaps = use.samples.keys.filter { $0.number == nil }.sorted()
      staleSlots = ((0..<slotCount).map { Slot.numbered($0) } + gaps).map {
        StaleSlot(slot: $0, reason: .moved)
      }
      estimatedCalls = use.callsPerSample.map { Int((Double(keptSamples) * $0).rounded()) }
      return
    }
    let groups = try SourceEffect.staleGroups(
      from: before, to: after, recipe: recipe, recalled: recalled,
      count: (slotCount + groupSize - 1) / groupSize)
    staleSamples = groups.reduce(0) { $0 + (use.samples[.numbered($1.number)] ?? 0) }
    for group in groups {
      let first = group.number * groupSize
      for slot in first..<min(first + groupSize, slotCount) {
        staleSlots.append(StaleSlot(slot: .numbered(slot), reason: group.reason))
      }
    }
    movedSlots = staleSlots.count { $0.reason == .moved }
    rewordedSlots = staleSlots.count { $0.reason == .reworded }
    retunedSlots = staleSlots.count { $0.reason == .knobs }
    let gaps = SourceEffect.staleGaps(
      use.samples.keys.filter { $0.number == nil }.sorted(), before, after, recipe, recalled)
    staleSlots += gaps
    staleSamples += gaps.count
    estimatedCalls = use.callsPerSample.map { Int((Double(staleSlots.count) * $0).rounded()) }
  }

  /// The first of so many slots, or of those that share a mix, whose samples are to be made anew.
  ///
  /// - Parameters:
  ///   - before: The sources that the samples were made from.
  ///   - after: The sources as edited.
  ///   - recipe: Under which both are compared.
  ///   - recalled: The mixes that slots must not get in either state.
  ///   - count: How many slots, or groups that share a mix, are compared.
  /// - Returns: Their numbers in order, with why they are stale.
  /// - Throws: ``SimulaError`` when one finds no mix that the pairs allow.
  static func staleGroups(
    from before: Sources, to after: Sources, recipe: Recipe,
    recalled: (before: RecalledMixes, after: RecalledMixes) = ([:], [:]), count: Int
  ) throws(SimulaError) -> [(number: Int, reason: StaleSlot.Reason)] {
    let changes = try MixComparison(
      from: before, to: after, randomSeed: recipe.randomSeed, order: recipe.strategy.order,
      usesWholeTaxonomies: recipe.arm.usesWholeTaxonomies, recalled: recalled, slotCount: count
    ).changedSlots()
    var reasons: [Int: StaleSlot.Reason] = [:]
    for slot in changes.moved { reasons[slot] = .moved }
    for slot in changes.reworded { reasons[slot] = .reworded }
    let retuned = retunedStrategies(before, after, recipe)
    if !retuned.isEmpty {
      // What is equal below a node decides no strategy, unless a draw depends on all leaves at once.
      let sampled =
        recipe.strategy.order == .weighted ? BranchCut(after, after).apply(to: after) : after
      let sampler = MixSampler(sampled, recipe: recipe)
      let whole = MixSampler(after, recipe: recipe, recalled: recalled.after)
      for slot in 0..<count where reasons[slot] == nil {
        let isRecalled = recalled.after[.numbered(slot)] != nil
        let mix = try (isRecalled ? whole : sampler).mix(slot: slot)
        if retuned.contains(mix.strategy) { reasons[slot] = .knobs }
      }
    }
    return reasons.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The strategies that make samples otherwise than before, in the recipe's arm.
  private static func retunedStrategies(
    _ before: Sources, _ after: Sources, _ recipe: Recipe
  ) -> Set<NodeID> {
    Set(
      after.strategies.filter { strategy in
        guard let old = before.strategies.first(where: { $0.id == strategy.id }) else {
          return false
        }
        return recipe.knobs(of: old.overrides) != recipe.knobs(of: strategy.overrides)
      }.map(\.id))
  }

  /// The slots of gaps that have another mix, wording or way of making samples; there are few.
  private static func staleGaps(
    _ slots: [Slot], _ before: Sources, _ after: Sources, _ recipe: Recipe,
    _ recalled: (before: RecalledMixes, after: RecalledMixes)
  ) -> [StaleSlot] {
    guard !slots.isEmpty else { return [] }
    let old = MixSampler(before, recipe: recipe, recalled: recalled.before)
    let new = MixSampler(after, recipe: recipe, recalled: recalled.after)
    let retuned = retunedStrategies(before, after, recipe)
    return slots.compactMap { slot in
      guard let first = try? old.mix(of: slot), let second = try? new.mix(of: slot),
        first == second
      else { return StaleSlot(slot: slot, reason: .moved) }
      if old.requirements(first) != new.requirements(second) {
        return StaleSlot(slot: slot, reason: .reworded)
      }
      return retuned.contains(second.strategy) ? StaleSlot(slot: slot, reason: .knobs) : nil
    }
  }
}
