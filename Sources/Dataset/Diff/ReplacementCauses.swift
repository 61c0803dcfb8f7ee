import ArtifactStore
import CanonicalJSON

/// Finds for each replaced sample the first thing in its descent that differs.
struct ReplacementCauses {
  private let old: Descents
  private let new: Descents
  private let oldPaths: SourcePaths
  private let newPaths: SourcePaths
  private let inputs: ChangedInputs
  private let strategies: [NodeID: SourcesDiff.StrategyChange]

  init(
    _ old: Descents, _ new: Descents, _ sources: (old: Sources?, new: Sources?),
    _ inputs: ChangedInputs
  ) {
    (self.old, self.new) = (old, new)
    (oldPaths, newPaths) = (SourcePaths(sources.old), SourcePaths(sources.new))
    self.inputs = inputs
    let changes = SourcesDiff(from: sources.old, to: sources.new).strategies
    strategies = Dictionary(changes.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// What a slot's cause rests on: the calls whose requests tell it, and whether drafts that both
  /// versions hold could make it a verdict instead.
  struct Finding {
    var cause: ReplacementCause
    var calls: (old: RecordID?, new: RecordID?) = (nil, nil)
    var mayShareDraft = false
  }

  /// The cause of one slot; nil where its records are not here.
  func find(_ slot: Slot) -> Finding? {
    guard let before = old.samples[slot], let after = new.samples[slot] else { return nil }
    let mixes = (old.mix(of: before), new.mix(of: after))
    if let first = mixes.0, let second = mixes.1, first.id != second.id {
      return Finding(cause: mixCause(first, second))
    }
    let mix = mixes.1
    guard before.attempt == after.attempt else { return attemptCause(slot, before, after, mix) }
    if before.prompt != after.prompt {
      return scenarioCause(old.prompt(before.prompt), new.prompt(after.prompt), mix)
    }
    if let reason = new.reasons[before.sample.hex] ?? old.reasons[after.sample.hex] {
      return Finding(cause: decision(reason, mix))
    }
    return answerCause((before.call, after.call), mix)
  }

  /// The cause where one version keeps an attempt that the other one gave up.
  private func attemptCause(
    _ slot: Slot, _ before: SampleDescent, _ after: SampleDescent, _ mix: SampleDescent.Mix?
  ) -> Finding {
    let wasKept = before.attempt < after.attempt
    let kept = wasKept ? before : after
    let place = Descents.Place(slot: slot, attempt: kept.attempt)
    guard let lost = (wasKept ? new : old).rejections[place] else {
      return Finding(cause: decision("", mix))
    }
    if lost.prompt != nil, lost.prompt != kept.prompt {
      let own = (wasKept ? old : new).prompt(kept.prompt)
      let other = (wasKept ? new : old).prompt(lost.prompt)
      return wasKept ? scenarioCause(own, other, mix) : scenarioCause(other, own, mix)
    }
    if lost.sample == kept.sample.hex { return Finding(cause: decision(lost.reason, mix)) }
    return answerCause(
      wasKept ? (kept.call, lost.call) : (lost.call, kept.call), mix)
  }

  /// The cause where another decision was taken on the same draft.
  func decision(_ reason: String, _ mix: SampleDescent.Mix?) -> ReplacementCause {
    let step: ReplacementCause.Step =
      ["duplicate", "held-out"].contains(reason) ? .duplicate : .verdict
    return ReplacementCause(
      step: step, reason: .decision, subject: reason, inputs: inputs(of: step, mix))
  }

  private func answerCause(
    _ calls: (RecordID?, RecordID?), _ mix: SampleDescent.Mix?
  ) -> Finding {
    let inputs = inputs(of: .answer, mix)
    return Finding(
      cause: ReplacementCause(
        step: .answer, reason: inputs.isEmpty ? .answeredAnew : .inputs, inputs: inputs),
      calls: calls, mayShareDraft: true)
  }

  private func scenarioCause(
    _ before: SampleDescent.Prompt?, _ after: SampleDescent.Prompt?, _ mix: SampleDescent.Mix?
  ) -> Finding {
    let inputs = inputs(of: .scenario, mix)
    var cause = ReplacementCause(
      step: .scenario, reason: inputs.isEmpty ? .answeredAnew : .inputs, inputs: inputs)
    guard let before, let after else { return Finding(cause: cause) }
    let bases = (old.prompt(before.from) ?? before, new.prompt(after.from) ?? after)
    if bases.0.id == bases.1.id {
      if (before.from == nil) != (after.from == nil) {
        cause.reason = .complexity
        cause.subject = after.from == nil ? "plain" : "complex"
        cause.inputs = inputs.filter { $0.contains("complexity") || $0.hasPrefix("strategy: ") }
        return Finding(cause: cause)
      }
      return Finding(cause: cause, calls: (before.call, after.call))
    }
    return Finding(cause: cause, calls: (bases.0.call, bases.1.call))
  }

  /// What went into a step otherwise than before, for samples of one mix.
  private func inputs(
    of step: ReplacementCause.Step, _ mix: SampleDescent.Mix?
  ) -> [String] {
    var found = inputs[step]
    guard let mix, step != .duplicate else { return found }
    for id in mix.nodes where oldPaths.path(to: id) != newPaths.path(to: id) {
      // The topmost name that differs tells it for all below.
      let ids = newPaths.ids(to: id)
      let first = ids.first { oldPaths.node($0)?.name != newPaths.node($0)?.name }
      found.append("renamed: \(newPaths.words(first ?? id))")
    }
    if let strategy = mix.strategy, let change = strategies[strategy],
      change.changes.contains(.knobs)
    {
      found.append("strategy: \(change.new?.name ?? "")")
    }
    return found
  }

  // MARK: Mixes

  private func mixCause(
    _ before: SampleDescent.Mix, _ after: SampleDescent.Mix
  ) -> ReplacementCause {
    func cause(_ reason: ReplacementCause.Reason, _ subject: String = "") -> ReplacementCause {
      ReplacementCause(step: .mix, reason: reason, subject: subject)
    }
    // All draws are others then.
    guard inputs[.mix].isEmpty else {
      return ReplacementCause(step: .mix, reason: .inputs, inputs: inputs[.mix])
    }
    if before.strategy != after.strategy {
      if let id = before.strategy, let change = strategies[id], change.new == nil {
        return cause(.strategyRemoved, change.old?.name ?? "")
      }
      if let id = after.strategy, let change = strategies[id], change.old == nil {
        return cause(.strategyAdded, change.new?.name ?? "")
      }
      return cause(.weights, "strategies")
    }
    let change = after.strategy.flatMap { strategies[$0] }
    for id in before.nodes where !after.nodes.contains(id) {
      let factor = oldPaths.factor(of: id)
      let other = after.nodes.first { newPaths.factor(of: $0) == factor }
      guard factor != nil, let other else { continue }
      if let found = branching(id, other) { return found }
    }
    if let change, change.changes.contains(.roots) { return cause(.roots, change.new?.name ?? "") }
    if let change, change.changes.contains(.pairs) { return cause(.pairs, change.new?.name ?? "") }
    return cause(.pairs, change?.new?.name ?? "")
  }

  /// Why a draw goes another way where two paths part; nil where nothing there differs.
  private func branching(_ before: NodeID, _ after: NodeID) -> ReplacementCause? {
    func cause(_ reason: ReplacementCause.Reason, _ subject: String) -> ReplacementCause {
      ReplacementCause(step: .mix, reason: reason, subject: subject)
    }
    let (left, right) = (oldPaths.ids(to: before), newPaths.ids(to: after))
    let shared = zip(left, right).prefix { $0 == $1 }.count
    let (lost, won) = (left.dropFirst(shared).first, right.dropFirst(shared).first)
    if let lost {
      guard newPaths.has(lost) else { return cause(.nodeRemoved, oldPaths.words(lost)) }
      if newPaths.node(lost)?.parent != oldPaths.node(lost)?.parent {
        return cause(.nodeMoved, newPaths.words(lost))
      }
    }
    if let won {
      guard oldPaths.has(won) else { return cause(.nodeAdded, newPaths.words(won)) }
      if newPaths.node(won)?.parent != oldPaths.node(won)?.parent {
        return cause(.nodeMoved, newPaths.words(won))
      }
    }
    guard shared > 0 else { return nil }
    let parent = left[shared - 1]
    let children = [lost, won].compactMap(\.self)
    let differs = children.contains { oldPaths.node($0)?.weight != newPaths.node($0)?.weight }
    return differs ? cause(.weights, newPaths.words(parent)) : nil
  }
}
