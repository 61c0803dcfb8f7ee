import CanonicalJSON
package import Dataset
import Foundation
import Synchronization

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
    let most = recipe.sampleCount + Int(Double(recipe.sampleCount) * recipe.slots.extraShare)
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

/// Finds the slots whose mix or wording differs between two states of the sources.
struct MixComparison {
  private let before: MixSampler
  private let after: MixSampler
  private let drawsAlike: Bool
  /// The nodes that requests describe otherwise than before.
  private let reworded: Set<NodeID>
  private let slotCount: Int

  /// Sets up a comparison; branches that are equal on both sides are cut off first.
  ///
  /// What is drawn by weights at one branching depends on nothing else, so that an equal branch gives
  /// equal nodes and need not be descended.
  init(
    from before: Sources, to after: Sources, randomSeed: Int,
    order: StrategyKnobs.Order = .weighted, usesWholeTaxonomies: Bool = true, slotCount: Int
  ) {
    var (old, new) = (before, after)
    if order == .weighted {
      let cut = BranchCut(before, after)
      (old, new) = (cut.apply(to: before), cut.apply(to: after))
    }
    func sampler(_ sources: Sources) -> MixSampler {
      MixSampler(
        sources, randomSeed: randomSeed, order: order, usesWholeTaxonomies: usesWholeTaxonomies)
    }
    self.before = sampler(old)
    self.after = sampler(new)
    self.slotCount = slotCount
    drawsAlike = MixComparison.draws(of: old) == MixComparison.draws(of: new)
    var reworded = Set<NodeID>()
    for node in new.taxonomies.flatMap(\.nodes) {
      let mix = Mix(slot: .numbered(0), strategy: node.id, nodes: [node.id])
      if self.before.requirements(mix) != self.after.requirements(mix) { reworded.insert(node.id) }
    }
    self.reworded = reworded
  }

  /// All that a draw depends on.
  private static func draws(of sources: Sources) -> [[String]] {
    sources.strategies.map { strategy in
      [strategy.id.text, "\(strategy.weight)"] + strategy.roots.map(\.text)
        + strategy.never.map { "\($0.first) \($0.second)" }
    }
      + sources.taxonomies.map { taxonomy in
        taxonomy.nodes.map { "\($0.id) \($0.parent?.text ?? "") \($0.weight)" }
      }
  }

  struct Slots: Sendable {
    var moved: [Int] = []
    var reworded: [Int] = []
  }

  /// How many slots one worker takes at once.
  private static let batchSize = 4096

  func changedSlots() throws(SimulaError) -> Slots {
    if drawsAlike, reworded.isEmpty { return Slots() }
    let found = Mutex<(slots: Slots, error: SimulaError?)>((Slots(), nil))
    let batches = (slotCount + Self.batchSize - 1) / Self.batchSize
    DispatchQueue.concurrentPerform(iterations: batches) { batch in
      guard found.withLock({ $0.error == nil }) else { return }
      let first = batch * Self.batchSize
      do throws(SimulaError) {
        let slots = try changedSlots(in: first..<min(first + Self.batchSize, slotCount))
        found.withLock {
          $0.slots.moved += slots.moved
          $0.slots.reworded += slots.reworded
        }
      } catch {
        found.withLock { $0.error = error }
      }
    }
    let (slots, error) = found.withLock { $0 }
    if let error { throw error }
    return slots
  }

  private func changedSlots(in range: Range<Int>) throws(SimulaError) -> Slots {
    var slots = Slots()
    for slot in range {
      let new = try after.mix(slot: slot)
      if !drawsAlike {
        // A slot that found no mix before finds one now.
        let old = try? before.mix(slot: slot)
        guard old?.strategy == new.strategy, old?.nodes.sorted() == new.nodes.sorted() else {
          slots.moved.append(slot)
          continue
        }
        if old?.nodes != new.nodes {
          slots.reworded.append(slot)
          continue
        }
      }
      if new.nodes.contains(where: reworded.contains) { slots.reworded.append(slot) }
    }
    return slots
  }
}
