import CanonicalJSON
import Simula

/// The effect of an edit, for people and for programs.
struct EffectText {
  let effect: SourceEffect
  /// What strategies lose along with removed nodes.
  var dropped: [String] = []
  var notes: [String] = []

  private static let shownLines = 12

  func print() {
    for line in dropped { Output.line("drops \(line)") }
    for note in notes { Output.line("note: \(note)") }
    guard !effect.isFirst else {
      Output.line("No slot is drawn yet, so that no sample changes.")
      return
    }
    if effect.plansAnew {
      Output.line(
        "No strategy is left: the next run plans anew, and any of the "
          + "\(Plural.text(effect.slotCount, "slot")) may move.")
    } else {
      Output.line(
        "Slots: \(effect.movedSlots) of \(effect.slotCount) move, \(effect.rewordedSlots) are "
          + "worded differently.")
    }
    Output.line("Samples: \(effect.staleSamples) of \(effect.keptSamples) become stale.")
    for line in effect.strategies.prefix(Self.shownLines) { Output.line("touches \(line)") }
    if effect.strategies.count > Self.shownLines {
      Output.line("and \(effect.strategies.count - Self.shownLines) more about strategies")
    }
    if let calls = effect.estimatedCalls, calls > 0 {
      Output.line(
        "The next run needs about \(Plural.text(calls, "answer")), as many as the last version's "
          + "samples took; recorded ones make it cheaper.")
    } else if effect.estimatedCalls == 0 {
      Output.line("The next run asks nothing for it.")
    }
  }

  var members: [(String, JSON)] {
    [
      ("slots", JSON(effect.slotCount)), ("moved", JSON(effect.movedSlots)),
      ("reworded", JSON(effect.rewordedSlots)), ("samples", JSON(effect.keptSamples)),
      ("stale", JSON(effect.staleSamples)),
      ("strategies", .array(effect.strategies.map { .string($0) })),
      ("plans-anew", .bool(effect.plansAnew)), ("first", .bool(effect.isFirst)),
      ("estimated-calls", effect.estimatedCalls.map { JSON($0) } ?? .null),
      ("dropped", .array(dropped.map { .string($0) })),
      ("notes", .array(notes.map { .string($0) })),
    ]
  }
}
