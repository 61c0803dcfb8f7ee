import ArtifactStore
import CanonicalJSON
import Dataset
import Pipeline
import Teachers

/// The measuring itself, beside a version and with models at hand.
struct CalibrationWork: Sendable {
  let snapshot: Snapshot
  let base: Version?
  let form: SampleForm
  let asker: Asker
  let progress: ProgressBoard
  let count: Int

  private var recipe: Recipe { snapshot.recipe }
  private var workers: Int { Players.workers(recipe) }

  func run(
    _ gold: [KnownAnswer]?, counts: () -> CallCache.Counts
  ) async throws -> CalibrationReport {
    var notices: [String] = []
    let samples = try chosenSamples()
    let attempts = try base.map { try AttemptCount($0, form: recipe.critics.double) }
    let hasDouble = recipe.critics.double != .off && recipe.sample.answer != nil
    guard gold != nil || !samples.isEmpty else {
      throw SimulaError(
        .calibration, "there are neither right answers nor accepted samples to calibrate with",
        hint: hasDouble ? "name a file of right answers: --gold FILE" : "run 'stemma run' first")
    }
    if let base, !samples.isEmpty,
      try RunPlan(snapshot, base: base).freshness(.samples) != .fresh
    {
      notices.append(
        "the samples of this version were made with other settings; 'stemma run' first, or the "
          + "accepted share is that of other critics")
    }
    let double =
      hasDouble ? try await double(gold, samples: samples, attempts, &notices) : nil
    let requirements =
      recipe.critics.judgesRequirements
      ? try await requirements(samples, &notices) : nil
    let none = AcceptanceCount()
    return CalibrationReport(
      criticModel: Players.model(Players.settings(recipe, .critic)),
      generatorModel: Players.model(Players.settings(recipe, .generator)), double: double,
      requirements: requirements, plain: attempts?.plain ?? none,
      complexified: attempts?.complexified ?? none,
      complexity: attempts.flatMap {
        ComplexityAdvice(
          plain: $0.plain, complexified: $0.complexified, fraction: recipe.complexity.fraction)
      }, fraction: recipe.complexity.fraction, notices: notices, counts: counts())
  }

  /// The accepted samples with the least ids, which is a fair choice, and a lasting one.
  private func chosenSamples() throws -> [JSON] {
    guard let base else { return [] }
    var chosen: [Record] = []
    func shorten() {
      chosen.sort { $0.id < $1.id }
      chosen.removeLast(max(0, chosen.count - count))
    }
    try base.forEachRecord(.samples) { record throws(StoreError) in
      chosen.append(record)
      if chosen.count >= 2 * count + 1000 { shorten() }
    }
    shorten()
    return try chosen.map { record in
      let sample = try record.value()
      guard var object = sample.object, let value = object["value"] else { return sample }
      object["value"] = form.ordered(value)
      return .object(object)
    }
  }

  private func double(
    _ gold: [KnownAnswer]?, samples: [JSON], _ attempts: AttemptCount?, _ notices: inout [String]
  ) async throws -> CalibrationReport.Double {
    let source: CalibrationReport.RightSource = gold == nil ? .circular : .gold
    let known = gold ?? samples.compactMap { $0["value"].flatMap { KnownAnswer($0, form) } }
    let isAltering = asker.has(.alterAnswer)
    let calibration = DoubleCalibration(asker, form: form, workers: workers, progress: progress)
    let rates = try await calibration.run(
      known, from: source, count: count, isAltering: isAltering)
    let estimate = CriticEstimate(
      right: rates.right, wrong: rates.allWrong, attempts: attempts?.double ?? AcceptanceCount())
    if source == .circular {
      notices.append(
        "circular: answers that this critic accepted are taken for right ones, so that its errors "
          + "are taken for truth; only --gold FILE gives figures to rely on")
    }
    if !isAltering, rates.wrong[.changed] != nil {
      notices.append(
        "there is no '\(PromptTask.alterAnswer.path)', so that no model was asked for wrong answers"
      )
    }
    if estimate.isShareImpossible {
      notices.append(
        "the accepted share lies outside of what the two rates allow: the questions judged here "
          + "are harder or easier than those of the dataset")
    }
    return CalibrationReport.Double(
      form: recipe.critics.double, rightSource: source, right: rates.right, wrong: rates.wrong,
      generator: rates.generator, attempts: attempts?.double ?? AcceptanceCount(),
      outcomes: attempts?.outcomes ?? [:], estimate: estimate)
  }

  /// Nil when the version has no samples whose mix is known.
  private func requirements(
    _ samples: [JSON], _ notices: inout [String]
  ) async throws -> RequirementRates? {
    guard let base, let sources = snapshot.sources, !samples.isEmpty else { return nil }
    let check = RequirementCheck(
      critic: RequirementCritic(asker, form: form),
      sampler: MixSampler(
        try snapshot.drawn(sources), recipe: recipe, recalled: snapshot.recalls.mixes),
      instances: recipe.metaPrompts.instances, workers: workers,
      progress: progress)
    let (rates, leftOut) = try await check.run(samples, in: base)
    if leftOut > 0 {
      notices.append(
        "\(leftOut) of \(samples.count) samples are not judged by their requirements: the sources "
          + "give their slots other mixes now")
    }
    return rates
  }
}
