import ArtifactStore
import CanonicalJSON
import Dataset
import Simula

/// The effect of an edit, for people and for programs.
struct EffectText {
  let effect: SourceEffect
  /// The samples of the last version.
  var use = SlotUse()
  /// What the answers for one sample took, where that is known.
  var cost: AnswerCost?
  /// What strategies lose along with removed nodes.
  var dropped: [String] = []
  var notes: [String] = []

  private static let shownLines = 12

  func print() {
    for line in dropped { Output.line("drops \(line)") }
    for note in notes { Output.line("note: \(note)") }
    for growth in effect.growths {
      Output.line(
        "The next run grows '\(growth.name)', which is only a root: about "
          + "\(Plural.text(growth.estimatedCalls, "answer")).")
    }
    if !effect.isFirst { printSlots() }
    if effect.isFirst { Output.line("No slot is drawn yet, so that no sample changes.") }
    if !effect.otherStages.isEmpty {
      Output.line(
        "The recipe, prompts, teachers or recalls changed too: \(Self.names(effect.otherStages)) "
          + "\(effect.otherStages.count == 1 ? "is" : "are") stale, and the next run needs more than "
          + "this.")
    }
  }

  private static func names(_ stages: [StageName]) -> String {
    stages.map(\.rawValue).joined(separator: ", ")
  }

  private func printSlots() {
    if effect.plansAnew {
      Output.line(
        "No strategy is left: the next run plans anew, and any of the "
          + "\(Plural.text(effect.slotCount, "slot")) may move.")
    } else {
      Output.line(
        "Slots: \(effect.movedSlots) of \(effect.slotCount) move, \(effect.rewordedSlots) are "
          + "worded differently"
          + (effect.retunedSlots == 0 ? "." : ", \(effect.retunedSlots) have other knobs."))
    }
    Output.line("Samples: \(effect.staleSamples) of \(effect.keptSamples) become stale.")
    for line in effect.strategies.prefix(Self.shownLines) { Output.line("touches \(line)") }
    if effect.strategies.count > Self.shownLines {
      Output.line("and \(effect.strategies.count - Self.shownLines) more about strategies")
    }
    if let calls = effect.estimatedCalls, calls > 0 {
      let tokens = tokens.map { " (\($0.input) tokens in, \($0.output) out)" } ?? ""
      Output.line(
        "The next run needs about \(Plural.text(calls, "answer"))\(tokens) for it, as many as the "
          + "last version's samples took; recorded ones make it cheaper.")
    } else if effect.estimatedCalls == 0, effect.growths.isEmpty {
      Output.line("The next run asks nothing for it.")
    }
  }

  /// What the answers for stale slots take, by what those of the last version took.
  private var tokens: (input: Int, output: Int)? {
    guard let cost, effect.estimatedCalls != nil else { return nil }
    let count = Double(effect.plansAnew ? effect.keptSamples : effect.staleSlots.count)
    return (
      Int((cost.inputTokens * count).rounded()), Int((cost.outputTokens * count).rounded())
    )
  }

  /// Prints each stale slot with its sample.
  func printSlotList() {
    for stale in effect.staleSlots {
      let sample = use.identities[stale.slot].map { Output.shortID($0.hex) } ?? "no sample   "
      Output.line("slot \(stale.slot)  \(sample)  \(stale.reason.rawValue)")
    }
  }

  /// Prints the effect as one object, and each stale slot as one more.
  func printJSON(_ more: [(String, JSON)]) {
    Output.json("effect", members + more)
    for stale in effect.staleSlots {
      Output.json(
        "stale-slot",
        [
          ("slot", stale.slot.json),
          ("sample", use.identities[stale.slot].map { .string($0.hex) } ?? .null),
          ("reason", .string(stale.reason.rawValue)),
        ])
    }
  }

  private var members: [(String, JSON)] {
    let tokens = tokens
    return [
      ("slots", JSON(effect.slotCount)), ("moved", JSON(effect.movedSlots)),
      ("reworded", JSON(effect.rewordedSlots)), ("other-knobs", JSON(effect.retunedSlots)),
      ("samples", JSON(effect.keptSamples)), ("stale", JSON(effect.staleSamples)),
      ("strategies", .array(effect.strategies.map { .string($0) })),
      ("plans-anew", .bool(effect.plansAnew)), ("first", .bool(effect.isFirst)),
      ("estimated-calls", effect.estimatedCalls.map { JSON($0) } ?? .null),
      ("estimated-input-tokens", tokens.map { JSON($0.input) } ?? .null),
      ("estimated-output-tokens", tokens.map { JSON($0.output) } ?? .null),
      (
        "grows",
        .array(
          effect.growths.map {
            [
              "estimated-calls": JSON($0.estimatedCalls), "factor": .string($0.factor.text),
              "name": .string($0.name),
            ]
          })
      ),
      ("other-stale-stages", .array(effect.otherStages.map { .string($0.rawValue) })),
      ("dropped", .array(dropped.map { .string($0) })),
      ("notes", .array(notes.map { .string($0) })),
    ]
  }
}
