import ArtifactStore
import Dataset
import Pipeline
import Synchronization
import Teachers

/// What asking models for a dataset takes; the caller holds the writer lock.
struct RunSession: Sendable {
  private static let notingInterval = Duration.seconds(10)

  let snapshot: Snapshot
  let base: Version?
  let calls: CallStore
  let cache: CallCache
  let asker: Asker
  let progress: ProgressBoard
  let budget: Budget
  private let completion: Completion

  /// Whether the run that the budget is for is complete.
  private final class Completion: Sendable {
    let isReached = Atomic(false)
  }

  /// The run is complete: the next one begins with nothing spent.
  func complete() { completion.isReached.store(true, ordering: .relaxed) }

  /// The models of all roles.
  var teachers: [any Teacher] { asker.teachers }

  /// Lends a session, and keeps what was paid for, however the work ends.
  ///
  /// - Parameters:
  ///   - store: The dataset.
  ///   - snapshot: Its recipe and text.
  ///   - observer: Told how it goes on.
  ///   - teacher: Makes the model of some settings.
  ///   - renewsBudget: Whether what was spent before is forgotten.
  ///   - answered: What counts as asked from the beginning.
  ///   - body: The work.
  /// - Returns: What the body returned.
  /// - Throws: What the body threw, or what kept the session from beginning or ending.
  static func with<Value>(
    _ store: Store, _ snapshot: Snapshot, observer: any RunObserver,
    teacher: (TeacherSettings) throws -> any Teacher, renewsBudget: Bool = false,
    answered: CallCache.Counts = CallCache.Counts(), _ body: (RunSession) async throws -> Value
  ) async throws -> Value {
    try snapshot.refuseRecalled()
    let players = try Players.make(snapshot.recipe, teacher: teacher)
    let base = try store.head()
    if let base { try store.index.catchUp(tree: base.tree) }
    try store.keepFetchedCalls()
    try store.index.catchUpCalls()
    let calls = try CallStore(store)
    defer { calls.close() }
    let recipe = snapshot.recipe
    let spending = SpendingFile(store, calls: calls)
    let budget = try await spending.open(
      { Budget(recipe.budget, prices: recipe.prices, spent: $0) }, isRenewed: renewsBudget)
    try BatchDesk.hold(in: store.folder, for: budget)
    let noting = Task {
      while (try? await Task.sleep(for: notingInterval)) != nil {
        spending.note(seconds: budget.spent.seconds)
      }
    }
    let progress = ProgressBoard(observer)
    let cache = CallCache(
      calls, namedCalls: { () throws(StoreError) in try NamedCalls.find(in: base) },
      budget: budget, counts: answered, didAnswer: { progress.count($0) })
    let session = RunSession(
      snapshot: snapshot, base: base, calls: calls, cache: cache,
      asker: Asker(
        recipe: recipe, prompts: snapshot.prompts, cache: cache, players: players,
        recalled: try RecalledCalls(snapshot.recalls, history: base)),
      progress: progress, budget: budget, completion: Completion())
    let value: Value
    do {
      value = try await body(session)
    } catch {
      noting.cancel()
      await noting.value
      // Whatever was paid for stays, also when the work fails; what is not sealed is counted later.
      if (try? await calls.seal()) != nil { try? spending.save(budget.spent) }
      throw error
    }
    noting.cancel()
    await noting.value
    if session.completion.isReached.load(ordering: .relaxed) { spending.remove() }
    try await calls.seal()
    if spending.isThere { try spending.save(budget.spent) }
    return value
  }
}
