package import Dataset

/// What an edit of the sources does to the slots and samples of a dataset.
///
/// A slot moves when its mix is another. A slot that stays is reworded when the requests about it say
/// something else, as after a rename. Samples of both kinds become stale.
package struct SourceEffect: Sendable, Hashable {
  /// How many slots were compared: those that are wanted, and further ones that keep samples.
  package private(set) var slotCount = 0
  package private(set) var movedSlots = 0
  package private(set) var rewordedSlots = 0
  package private(set) var keptSamples = 0
  package private(set) var staleSamples = 0
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

  package var isNothing: Bool {
    movedSlots == 0 && rewordedSlots == 0 && strategies.isEmpty && !plansAnew
  }

  /// Compares two states of the sources under one recipe.
  ///
  /// - Parameters:
  ///   - before: The sources that the samples were made from, nil when there were none.
  ///   - after: The sources as edited.
  ///   - recipe: Says how many slots there are, and the random seed.
  ///   - use: The samples that are kept.
  /// - Throws: ``SimulaError`` when a slot finds no mix that the pairs allow.
  package init(
    from before: Sources?, to after: Sources, recipe: Recipe, use: SlotUse
  ) throws(SimulaError) {
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
      estimatedCalls = use.callsPerSample.map { Int((Double(keptSamples) * $0).rounded()) }
      return
    }
    let comparison = MixComparison(
      from: before, to: after, randomSeed: recipe.randomSeed, order: recipe.strategy.order,
      usesWholeTaxonomies: recipe.arm.usesWholeTaxonomies,
      slotCount: (slotCount + groupSize - 1) / groupSize)
    let changes = try comparison.changedSlots()
    let count = slotCount
    func slots(_ groups: [Int]) -> Int {
      groups.reduce(0) { $0 + min(groupSize, count - $1 * groupSize) }
    }
    movedSlots = slots(changes.moved)
    rewordedSlots = slots(changes.reworded)
    staleSamples = (changes.moved + changes.reworded).reduce(0) {
      $0 + (use.samples[.numbered($1)] ?? 0)
    }
    let gaps = use.samples.keys.filter { $0.number == nil }
    let staleGaps = gaps.filter { SourceEffect.isStale($0, before, after, recipe) }
    staleSamples += staleGaps.count
    let stale = movedSlots + rewordedSlots + staleGaps.count
    estimatedCalls = use.callsPerSample.map { Int((Double(stale) * $0).rounded()) }
  }

  /// Whether a slot that fills a gap has another mix or wording; there are few of these.
  private static func isStale(
    _ slot: Slot, _ before: Sources, _ after: Sources, _ recipe: Recipe
  ) -> Bool {
    let (old, new) = (MixSampler(before, recipe: recipe), MixSampler(after, recipe: recipe))
    guard let first = try? old.mix(of: slot), let second = try? new.mix(of: slot) else {
      return true
    }
    return first != second || old.requirements(first) != new.requirements(second)
  }
}
