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
    return try await RunSession.with(store, snapshot, observer: observer, teacher: teacher) {
      session in
      let work = CalibrationWork(
        snapshot: snapshot, base: session.base, form: form, asker: session.asker,
        progress: session.progress, count: count)
      return try await work.run(known, counts: { session.cache.counts })
    }
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
