package import ArtifactStore
package import Dataset
import Git
package import Pipeline
package import Teachers

/// Estimates what a run would ask and cost; of all it learns only the calls of a pilot are written.
package struct PlanRun: Sendable {
  package static let pilotLimits = 1...1000
  /// So many slots are looked up to know what is answered already.
  private static let probeCount = 200

  private let store: Store
  private let observer: any RunObserver
  private let teacher: @Sendable (TeacherSettings) throws -> any Teacher

  /// Sets up an estimate with a function that makes the model of some settings.
  package init(
    _ store: Store, observer: any RunObserver,
    teacher: @escaping @Sendable (TeacherSettings) throws -> any Teacher
  ) {
    self.store = store
    self.observer = observer
    self.teacher = teacher
  }

  /// Estimates a run up to its end.
  ///
  /// - Parameter pilotCount: How many slots models are asked for now, to measure what one takes; their
  ///   answers are kept, so that the run does not ask them again.
  /// - Returns: The estimate.
  /// - Throws: What reading the dataset or asking throws.
  package func run(pilotCount: Int = 0) async throws -> RunEstimate {
    guard let root = store.repository.workingDirectory else {
      throw StoreError(
        .refused, "a bare repository has no recipe.yaml to plan for",
        hint: "plan in a clone with a working tree")
    }
    let snapshot = try Snapshot(workingDirectory: root)
    let lock = try store.lock(purpose: "stemma plan")
    defer { withExtendedLifetime(lock) {} }
    return try await RunSession.with(store, snapshot, observer: observer, teacher: teacher) {
      session in
      try await estimate(session, pilotCount: pilotCount)
    }
  }

  private func estimate(_ session: RunSession, pilotCount: Int) async throws -> RunEstimate {
    let recipe = session.snapshot.recipe
    let plan = try RunPlan(session.snapshot, base: session.base)
    var stages = plan.stages.map { state in
      var stage = RunEstimate.Stage(stage: state.stage, freshness: state.freshness)
      if StageName.sources.contains(state.stage) {
        let isAsked = state.freshness != .fresh
        stage.calls = isAsked ? ExpectedCalls.of(state.stage, recipe) : Likely(exactly: 0)
        stage.basis = isAsked ? "from the recipe's bounds; recorded answers make it less" : ""
      }
      return stage
    }
    let models = Set(recipe.teachers.values.filter { $0.provider != .embedded }.map(\.model))
    let last = stages.count - 1
    let sourcesAreFresh = StageName.sources.allSatisfy { plan.freshness($0) == .fresh }
    if plan.isFresh {
      stages[last].calls = Likely(exactly: 0)
      stages[last].cachedShare = 1
    } else if sourcesAreFresh, let sources = session.snapshot.sources {
      let pilot = try await pilot(
        session, try session.snapshot.drawn(sources), count: pilotCount)
      try fill(&stages[last], session, pilot)
    } else {
      if pilotCount > 0 {
        throw SimulaError(
          .sources, "a pilot needs taxonomies and strategies, which are not there yet",
          hint: "make them with 'stemma run --until strategies', then plan again")
      }
      try fill(&stages[last], session, nil)
    }
    return RunEstimate(
      stages: stages, wanted: recipe.sampleCount,
      unpriced: models.filter { recipe.prices[$0] == nil }.sorted())
  }

  /// Looks slots up, spread over all, and before that asks for the first ones.
  private func pilot(
    _ session: RunSession, _ sources: Sources, count: Int
  ) async throws -> SlotPilot {
    let recipe = session.snapshot.recipe
    let wanted = recipe.sampleCount
    let workers = Players.workers(recipe)
    let recalled = session.snapshot.recalls.mixes
    if count > 0 {
      let slots = Array(0..<min(count, wanted))
      session.progress.start("pilot", total: slots.count)
      _ = try await SlotPilot(
        slots, asker: session.asker, answers: session.cache, budget: session.budget,
        sources: sources, recalled: recalled, workers: workers,
        didFill: { session.progress.advance() })
    }
    let probed = min(wanted, Self.probeCount)
    let slots = (0..<probed).map { $0 * wanted / probed }
    session.progress.start("recorded answers", total: probed)
    var pilot = try await SlotPilot(
      slots, asker: session.asker, answers: RecordedAnswers(session.cache),
      budget: session.budget, sources: sources, recalled: recalled, workers: workers,
      didFill: { session.progress.advance() })
    if count > 0, pilot.complete.count < count, wanted > probed {
      // Those that were asked for tell what one takes, wherever they are.
      let asked = try await SlotPilot(
        Array(0..<min(count, wanted)), asker: session.asker,
        answers: RecordedAnswers(session.cache), budget: session.budget, sources: sources,
        recalled: recalled, workers: workers, didFill: {})
      pilot.learn(from: asked)
    }
    return pilot
  }

  private func fill(
    _ stage: inout RunEstimate.Stage, _ session: RunSession, _ pilot: SlotPilot?
  ) throws {
    let recipe = session.snapshot.recipe
    let count = recipe.sampleCount
    let history = try history(session.base)
    let expected = ExpectedCalls.of(.samples, recipe)
    let each = Likely(
      expected.value / Double(count), low: expected.low / Double(count),
      high: expected.high / Double(count))
    stage.cachedShare = pilot?.cachedShare
    let calls = history?.calls ?? each
    guard let pilot else {
      stage.calls = calls.times(Double(count))
      stage.inputTokens = history?.input.times(Double(count))
      stage.outputTokens = history?.output.times(Double(count))
      stage.basis =
        history == nil ? "from the recipe alone" : "from what the last version's samples took"
      return
    }
    stage.calls = pilot.rest(\.calls, whole: calls, outOf: count)
    stage.inputTokens = pilot.rest(\.inputTokens, whole: history?.input, outOf: count)
    stage.outputTokens = pilot.rest(\.outputTokens, whole: history?.output, outOf: count)
    stage.money = recipe.prices.isEmpty ? nil : pilot.rest(\.money, whole: nil, outOf: count)
    stage.basis =
      pilot.measuredCount >= 3
      ? "from \(pilot.measuredCount) slots whose answers are there"
      : history != nil ? "from what the last version's samples took" : "from the recipe alone"
  }

  /// What one sample of the last version took; a fifth more or less is likely for others.
  private func history(
    _ base: Version?
  ) throws -> (calls: Likely, input: Likely, output: Likely)? {
    guard let base, let calls = try SlotUse(base, instances: 1).callsPerSample,
      let cost = try AnswerCost(base)
    else { return nil }
    func about(_ value: Double) -> Likely { Likely(value, low: value * 0.8, high: value * 1.25) }
    return (about(calls), about(cost.inputTokens), about(cost.outputTokens))
  }
}
