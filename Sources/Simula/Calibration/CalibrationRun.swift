package import ArtifactStore
package import Dataset
import Git
package import Pipeline
package import Teachers

/// Measures a dataset's critics; of all it learns only the calls are written.
package struct CalibrationRun: Sendable {
  /// How many right and wrong answers may be judged.
  package static let countLimits = 1...100_000
  package static let defaultCount = 100

  private let store: Store
  private let observer: any RunObserver
  private let teacher: @Sendable (TeacherSettings) throws -> any Teacher

  /// Sets up a calibration with a function that makes the model of some settings.
  package init(
    _ store: Store, observer: any RunObserver,
    teacher: @escaping @Sendable (TeacherSettings) throws -> any Teacher
  ) {
    self.store = store
    self.observer = observer
    self.teacher = teacher
  }

  /// Judges answers whose truth is known, and samples beside other mixes.
  ///
  /// - Parameters:
  ///   - count: How many right answers, wrong answers and samples are judged at most.
  ///   - gold: Reads right answers, or nil to take accepted samples for them.
  /// - Returns: The rates, and what follows from them.
  /// - Throws: What stopped it. Answers so far are kept, so that the next one goes on.
  package func run(
    count: Int = CalibrationRun.defaultCount,
    gold: ((SampleForm) throws -> [KnownAnswer])? = nil
  ) async throws -> CalibrationReport {
    guard let root = store.repository.workingDirectory else {
      throw StoreError(
        .refused, "a bare repository has no recipe.yaml to calibrate",
        hint: "calibrate in a clone with a working tree")
    }
    let snapshot = try Snapshot(workingDirectory: root)
    let form = try SampleForm(snapshot.recipe.sample)
    let known = try gold.map { try $0(form) }
    try check(snapshot.recipe, hasGold: known != nil)
    let lock = try store.lock(purpose: "stemma calibrate")
    defer { withExtendedLifetime(lock) {} }
    let players = try Players.make(snapshot.recipe, teacher: teacher)
    let base = try store.head()
    if let base { try store.index.catchUp(tree: base.tree) }
    try store.index.catchUpCalls()
    let calls = try CallStore(store)
    defer { calls.close() }
    let progress = ProgressBoard(observer)
    let cache = CallCache(
      calls, namedCalls: { () throws(StoreError) in try NamedCalls.find(in: base) },
      didAnswer: { progress.count($0) })
    let asker = Asker(
      recipe: snapshot.recipe, prompts: snapshot.prompts, cache: cache, players: players)
    let work = CalibrationWork(
      snapshot: snapshot, base: base, form: form, asker: asker, progress: progress, count: count)
    let report: CalibrationReport
    do {
      report = try await work.run(known, counts: { cache.counts })
    } catch {
      // Whatever was paid for stays, also when the calibration fails.
      try? await calls.seal()
      throw error
    }
    try await calls.seal()
    return report
  }

  /// Throws when the recipe has nothing that could be calibrated.
  private func check(_ recipe: Recipe, hasGold: Bool) throws(SimulaError) {
    let judgesAnswers = recipe.critics.double != .off && recipe.sample.answer != nil
    guard judgesAnswers || recipe.critics.judgesRequirements else {
      throw SimulaError(
        .calibration, "the recipe has no critics to calibrate",
        hint: "set 'double: ask' or 'double: solve' under 'critics' in recipe.yaml")
    }
    guard judgesAnswers || !hasGold else {
      throw SimulaError(
        .calibration, "the recipe has no double critic that gold answers could be put to",
        hint: "set 'double: ask' or 'double: solve' under 'critics' in recipe.yaml, and 'answer' "
          + "under 'sample'")
    }
  }
}
