package import ArtifactStore
package import CanonicalJSON
package import Dataset
package import Pipeline

/// What the attempts of one slot left behind.
package struct SlotTrail: Sendable {
  /// All records, in stage order.
  package var records: [Record] = []
  /// The accepted sample, or nil.
  package var sample: Record?
  /// The accepted sample's value.
  package var value: JSON?
  /// What the slot asks for.
  package var mix: Mix?
  /// What the accepted sample is compared by.
  var question: Question?
  /// Why the accepted sample is not kept.
  var refusal: Duplicates.Refusal?
}

/// Fills one slot: its mix, then attempts of meta-prompt, complexification, draft and critics.
package struct SlotWork: Sendable {
  private let asker: Asker
  let sampler: MixSampler
  /// Says what mixes ask for.
  private let teller: MixSampler
  private let until: DataStage
  private let scenarios: ScenarioWriter
  private let drafts: DraftWriter
  private let requirements: RequirementCritic
  private let double: DoubleCritic
  /// Where several slots share a mix, the last ones.
  private let recent: RecentValues<Slot, DrawnMix>?

  /// A mix with what follows from it.
  private struct DrawnMix {
    let mix: Mix
    let record: Record
    let requirements: JSON
    let knobs: SampleKnobs
  }

  /// Sets up the work.
  ///
  /// - Parameters:
  ///   - asker: Has the models.
  ///   - sources: What mixes are drawn from.
  ///   - until: The last stage.
  ///   - recalled: The mixes that slots must not get.
  ///   - remembers: Whether what slots share is looked up once; who counts look-ups wants each.
  ///   - other: One with equal settings and sources, which draws and remembers for both.
  /// - Throws: ``SimulaError`` for sources that cannot be worked with.
  package init(
    _ asker: Asker, sources: Sources, until: DataStage, recalled: RecalledMixes = [:],
    remembers: Bool = true, beside other: SlotWork? = nil
  ) throws(SimulaError) {
    self.asker = asker
    self.until = until
    sampler = other?.sampler ?? MixSampler(sources, recipe: asker.recipe, recalled: recalled)
    teller = other == nil ? sampler : MixSampler(sources, randomSeed: asker.recipe.randomSeed)
    scenarios = ScenarioWriter(asker, remembers: remembers, beside: other?.scenarios)
    let shape = try SampleForm(asker.recipe.sample)
    drafts = DraftWriter(asker, form: shape)
    requirements = RequirementCritic(asker, form: shape)
    double = DoubleCritic(asker, form: shape)
    recent =
      asker.recipe.metaPrompts.instances > 1 ? other?.recent ?? RecentValues(most: 256) : nil
    for strategy in sources.strategies { try check(strategy) }
  }

  /// Makes sure that answers can be judged as a strategy says.
  private func check(_ strategy: Strategy) throws(SimulaError) {
    guard let double = strategy.overrides.double, double != .off else { return }
    let shape = asker.recipe.sample
    guard shape.answer == nil || double == .solve && !shape.answerIsComparable else { return }
    throw SimulaError(
      .sources,
      "the strategy '\(strategy.name)' asks for 'double: \(double.rawValue)', but "
        + (shape.answer == nil ? "samples have no answer" : "code cannot compare such answers"),
      hint: "change or remove 'critics' of that strategy in strategies.yaml")
  }

  package func run(slot: Slot, from firstAttempt: Int) async throws -> SlotOutcome<SlotTrail> {
    var trail = SlotTrail()
    let drawn = try draw(slot.group(instances: asker.recipe.metaPrompts.instances))
    trail.mix = drawn.mix
    trail.records.append(drawn.record)
    guard until != .mixes else { return SlotOutcome(acceptedAttempt: firstAttempt, value: trail) }
    for attempt in firstAttempt..<asker.recipe.slots.attempts {
      let place = Attempt(
        slot: slot, group: drawn.mix.slot, number: attempt, mix: drawn.record.id,
        requirements: drawn.requirements, knobs: drawn.knobs)
      if try await run(place, &trail) {
        return SlotOutcome(acceptedAttempt: attempt, value: trail)
      }
    }
    return SlotOutcome(acceptedAttempt: nil, value: trail)
  }

  private func draw(_ group: Slot) throws -> DrawnMix {
    if let drawn = recent?[group] { return drawn }
    let mix = try sampler.mix(of: group)
    let drawn = DrawnMix(
      mix: mix, record: mix.record,
      requirements: until == .mixes ? .null : teller.requirements(mix),
      knobs: asker.recipe.knobs(of: teller.strategy(of: mix)?.overrides ?? .init()))
    recent?.keep(drawn, for: group)
    return drawn
  }

  /// Makes one attempt and says whether its sample, or with `until` its meta-prompt, is accepted.
  private func run(_ attempt: Attempt, _ trail: inout SlotTrail) async throws -> Bool {
    guard let scenario = try await scenarios.run(attempt, &trail) else { return false }
    guard until != .metaPrompts else { return true }
    guard let draft = try await drafts.write(attempt, scenario, &trail) else { return false }
    guard
      let accepted = try await requirements.run(
        attempt, scenario, draft, rewrite: drafts, &trail)
    else { return false }
    guard try await double.run(attempt, accepted, &trail) else { return false }
    let record = accepted.record
    trail.records.append(record)
    trail.sample = record
    trail.value = accepted.value
    return true
  }
}

/// One try at a slot.
struct Attempt: Sendable {
  let slot: Slot
  /// The slot whose mix and scenarios this one shares.
  let group: Slot
  let number: Int
  let mix: RecordID
  /// What the prompts say of the mix.
  let requirements: JSON
  let knobs: SampleKnobs
  /// What tells its questions, and those for its scenario, from equal ones of other attempts.
  let draw, scenarioDraw: String

  init(
    slot: Slot, group: Slot, number: Int, mix: RecordID, requirements: JSON, knobs: SampleKnobs
  ) {
    self.slot = slot
    self.group = group
    self.number = number
    self.mix = mix
    self.requirements = requirements
    self.knobs = knobs
    draw = "slot \(slot) attempt \(number)"
    scenarioDraw = group == slot ? draw : "slot \(group) attempt \(number)"
  }

  /// The record of an attempt that ends with an answer which cannot be used, or must not be.
  func rejection(
    _ reason: Rejection, of what: String, _ problem: UnusableAnswer, call: RecordID,
    metaPrompt: RecordID?, draft: Draft? = nil
  ) -> Record {
    rejection(
      problem.reason == .recalled ? .recalled : reason, detail: "\(what): \(problem.message)",
      call: call, metaPrompt: metaPrompt, draft: draft)
  }

  /// The record of an attempt or draft that was not accepted.
  func rejection(
    _ reason: Rejection, detail: String, call: RecordID, metaPrompt: RecordID?, draft: Draft? = nil
  ) -> Record {
    var members = JSONObject([
      ("attempt", JSON(number)), ("call", .string(call.hex)), ("detail", .string(detail)),
      ("meta-prompt", .string(metaPrompt?.hex ?? "")), ("reason", .string(reason.rawValue)),
      ("sample", .string(draft?.record.id.hex ?? "")), ("slot", slot.json),
    ])
    members["value"] = draft?.value
    return Record(.rejections, .object(members))
  }
}

/// Why something was not accepted.
package enum Rejection: String, Sendable, CaseIterable {
  /// A better draft followed.
  case refined
  /// It does not meet its mix, its scenario or the schema's sense.
  case requirements
  /// The double critic says that the answer is wrong.
  case incorrect
  /// The two calls of the double critic contradict each other.
  case inconsistent
  /// A critic gave no usable verdict.
  case unjudged
  /// A model gave no usable answer.
  case unreadable
  /// An earlier slot keeps the same question, or nearly so.
  case duplicate
  /// A held-out set has the question, or nearly so.
  case heldOut = "held-out"
  /// An answer that it needs must not be used again.
  case recalled
}

/// One value in the recipe's schema, not yet accepted.
struct Draft: Sendable {
  let value: JSON
  let record: Record
  let metaPrompt: RecordID
  let call: RecordID

  init(_ attempt: Attempt, metaPrompt: RecordID, call: RecordID, value: JSON) {
    self.value = value
    self.metaPrompt = metaPrompt
    self.call = call
    record = Record(
      .samples,
      [
        "attempt": JSON(attempt.number), "call": .string(call.hex),
        "meta-prompt": .string(metaPrompt.hex), "slot": attempt.slot.json, "value": value,
      ])
  }
}
