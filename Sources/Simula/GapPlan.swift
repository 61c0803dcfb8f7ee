import Dataset

/// What filling gaps came to.
package struct GapReport: Sendable, Hashable {
  /// How many samples were to be added.
  package var wanted: Int
  package var kept: Int
  /// How many leaves still have fewer samples than the recipe's minimum.
  package var underCovered: Int

  package init(wanted: Int, kept: Int, underCovered: Int) {
    self.wanted = wanted
    self.kept = kept
    self.underCovered = underCovered
  }
}

/// The slots that give under-covered leaves more samples.
struct GapPlan: Sendable {
  /// In the order in which they are filled: the first of each leaf, then the second of each.
  let slots: [Slot]
  private let leaves: [NodeID]
  private let minimum: Int

  /// Plans from what the numbered slots came to, so that the result does not depend on timing.
  ///
  /// - Parameters:
  ///   - leaves: All that slots may get.
  ///   - samples: How many kept samples each has.
  ///   - knobs: How many each is to have, and how many may be added.
  ///   - wanted: N.
  ///   - canBeDrawn: Whether a slot has a mix; pairs that never combine may leave none.
  init(
    leaves: [NodeID], samples: [NodeID: Int], knobs: GapFillKnobs, wanted: Int,
    canBeDrawn: (Slot) -> Bool
  ) {
    self.leaves = leaves
    minimum = knobs.minimum
    let limit = knobs.most(of: wanted)
    var slots: [Slot] = []
    var missing = leaves.map { ($0, max(0, knobs.minimum - (samples[$0] ?? 0))) }
    var number = 0
    while slots.count < limit {
      missing.removeAll { $0.1 <= number }
      guard !missing.isEmpty else { break }
      for (leaf, _) in missing where slots.count < limit {
        let slot = Slot.gap(leaf, number)
        if canBeDrawn(slot) { slots.append(slot) }
      }
      number += 1
    }
    self.slots = slots
  }

  /// How many leaves have fewer samples than they are to have.
  func underCovered(_ samples: [NodeID: Int]) -> Int {
    leaves.count { (samples[$0] ?? 0) < minimum }
  }
}
