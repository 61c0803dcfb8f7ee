import Dataset
import Foundation
import Synchronization

/// Finds the slots whose mix or wording differs between two states of the sources.
struct MixComparison {
  private let before: Samplers
  private let after: Samplers
  private let hasPairs: Bool
  /// Nil where a draw depends on all leaves at once.
  private let quick: QuickDraws?
  private let drawsAlike: Bool
  /// The nodes that requests describe otherwise than before.
  private let reworded: Set<NodeID>
  private let slotCount: Int
  private let recalled: (before: RecalledMixes, after: RecalledMixes)

  /// Sets up a comparison; branches that are equal on both sides are cut off first.
  ///
  /// What is drawn at one branching depends on nothing else but how often pairs made the slot draw
  /// again, so that an equal branch gives equal nodes and need not be descended.
  init(
    from before: Sources, to after: Sources, randomSeed: Int,
    order: StrategyKnobs.Order = .weighted, usesWholeTaxonomies: Bool = true,
    recalled: (before: RecalledMixes, after: RecalledMixes) = ([:], [:]), slotCount: Int
  ) {
    self.recalled = recalled
    var (old, new) = (before, after)
    // Another order is of all leaves at once.
    if order == .weighted {
      let cut = BranchCut(before, after)
      (old, new) = (cut.apply(to: before), cut.apply(to: after))
    }
    func samplers(_ whole: Sources, _ cut: Sources, _ recalled: RecalledMixes) -> Samplers {
      Samplers(whole: whole, cut: cut) { sources in
        MixSampler(
          sources, randomSeed: randomSeed, order: order, usesWholeTaxonomies: usesWholeTaxonomies,
          recalled: recalled)
      }
    }
    self.before = samplers(before, old, recalled.before)
    self.after = samplers(after, new, recalled.after)
    hasPairs =
      order == .weighted && (before.strategies + after.strategies).contains { !$0.never.isEmpty }
    self.slotCount = slotCount
    quick = order == .weighted ? QuickDraws(from: old, to: new) : nil
    drawsAlike =
      MixComparison.draws(of: old) == MixComparison.draws(of: new)
      && recalled.before == recalled.after
    var reworded = Set<NodeID>()
    for node in new.taxonomies.flatMap(\.nodes) {
      let mix = Mix(slot: .numbered(0), strategy: node.id, nodes: [node.id])
      if self.before.cut.requirements(mix) != self.after.cut.requirements(mix) {
        reworded.insert(node.id)
      }
    }
    self.reworded = reworded
  }

  /// The draws from one state of the sources.
  private struct Samplers: Sendable {
    let whole: MixSampler
    /// Without the branches that are equal on both sides.
    let cut: MixSampler
    /// The same without pairs: what each slot draws at first.
    let first: MixSampler

    init(whole: Sources, cut: Sources, sampler: (Sources) -> MixSampler) {
      self.whole = sampler(whole)
      self.cut = sampler(cut)
      var free = cut
      for index in free.strategies.indices { free.strategies[index].never = [] }
      first = sampler(free)
    }
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

  private func isRecalled(_ slot: Int) -> Bool {
    recalled.before[.numbered(slot)] != nil || recalled.after[.numbered(slot)] != nil
  }

  private func changedSlots(in range: Range<Int>) throws(SimulaError) -> Slots {
    var slots = Slots()
    for slot in range {
      if isRecalled(slot) {
        // What is recalled is a whole mix, which is another one without the branches that are cut.
        let new = try after.whole.mix(slot: slot)
        if let old = try? before.whole.mix(slot: slot), old.isLike(new) {
          if before.whole.requirements(old) != after.whole.requirements(new) {
            slots.reworded.append(slot)
          }
        } else {
          slots.moved.append(slot)
        }
        continue
      }
      guard !drawsAlike else {
        let new = try after.cut.mix(slot: slot)
        if new.nodes.contains(where: reworded.contains) { slots.reworded.append(slot) }
        continue
      }
      if let quick, case let first = try before.first.mix(slot: slot), quick.stays(first) {
        if first.nodes.contains(where: reworded.contains) { slots.reworded.append(slot) }
        continue
      }
      let new = try after.cut.mix(slot: slot)
      // A slot that found no mix before finds one now.
      guard let old = try? before.cut.mix(slot: slot), old.isLike(new) else {
        slots.moved.append(slot)
        continue
      }
      // Pairs may have made the slot draw again on either side: what is cut off may differ too.
      if hasPairs, try !before.whole.mix(slot: slot).isLike(after.whole.mix(slot: slot)) {
        slots.moved.append(slot)
      } else if old.nodes != new.nodes || new.nodes.contains(where: reworded.contains) {
        slots.reworded.append(slot)
      }
    }
    return slots
  }
}

extension Mix {
  /// Whether two mixes are one record: the order of nodes is in none.
  fileprivate func isLike(_ other: Mix) -> Bool {
    strategy == other.strategy && nodes.sorted() == other.nodes.sorted()
  }
}
