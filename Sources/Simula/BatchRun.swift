package import ArtifactStore
package import Dataset
import Git
package import Pipeline
import Synchronization
package import Teachers

/// A run whose requests are answered in batches, for less and within a day.
///
/// It goes in rounds. Each takes over the answers that are there, goes as far as they reach, and submits
/// what is missing. Between rounds nothing runs and nothing is locked: another process may go on.
package struct BatchRun: Sendable {
  /// What a round came to.
  package enum Outcome: Sendable {
    case done(RunReport)
    case underWay(BatchDesk.Progress)
  }

  private let store: Store
  private let observer: any RunObserver
  private let teacher: @Sendable (TeacherSettings, BatchQueue) throws -> any Teacher
  private let memory = Memory()

  /// What the rounds of a process know of each other.
  private final class Memory: Sendable {
    struct State {
      var hasRenewed = false
      /// Whether anything was recorded since the last submission.
      var hasRecorded = false
      var rejections: [String: String] = [:]
    }
    let state = Mutex(State())
  }

  /// Sets up a run with a function that makes the model of some settings, which puts into a queue what
  /// has to wait.
  package init(
    _ store: Store, observer: any RunObserver,
    teacher: @escaping @Sendable (TeacherSettings, BatchQueue) throws -> any Teacher
  ) {
    self.store = store
    self.observer = observer
    self.teacher = teacher
  }

  /// Makes one round.
  ///
  /// - Parameters:
  ///   - stage: The last stage of the run.
  ///   - renewsBudget: Whether what was spent before is forgotten.
  /// - Returns: The end, or where the batches are.
  /// - Throws: What stopped it; all answers so far are kept.
  package func round(
    until stage: StageName, renewsBudget: Bool = false
  ) async throws -> Outcome {
    var progress = try await fetch(
      renewsBudget: renewsBudget && !memory.state.withLock(\.hasRenewed))
    let (hasRecorded, rejections) = memory.state.withLock { memory in
      memory.hasRenewed = true
      memory.hasRecorded = memory.hasRecorded || progress.recorded > 0
      memory.rejections.merge(progress.rejections) { $1 }
      return (memory.hasRecorded, memory.rejections)
    }
    if !hasRecorded, progress.unanswered > progress.rejections.count, progress.open == 0,
      !progress.hasExpired
    {
      throw TeacherError(
        .rejected,
        "the last batch ended with no answer to \(progress.unanswered) requests"
          + progress.problems.sorted().prefix(3).map { ": " + $0 }.joined(),
        hint: "correct what the server says, then run again: they are submitted anew")
    }
    guard progress.open == 0 else { return .underWay(progress) }
    let queue = BatchQueue(in: store.folder, rejections: rejections)
    let run = run(queue)
    let before = try store.head()?.commit.id
    do {
      // A version tells of the answers that led to it.
      defer { if let now = try? store.head()?.commit.id, now != before { answers.remove() } }
      try await run.collect(until: stage, isQueued: { !queue.isEmpty })
      if queue.isEmpty { return .done(try await run.run(until: stage)) }
    } catch let error as TeacherError where error.code == .queued {
    } catch let stopped as RunStopped where (stopped.cause as? TeacherError)?.code == .queued {
    }
    progress.submitted = try await run.withSession { session in
      try await desk(session).submit(queue)
    }
    memory.state.withLock { $0.hasRecorded = false }
    progress.open += 1
    progress.total += progress.submitted
    return .underWay(progress)
  }

  /// Ends all batches that are under way; what they answered until then can be fetched after that.
  ///
  /// - Returns: What kept some from being ended.
  package func cancel() async throws -> Set<String> {
    try await run(BatchQueue(in: store.folder)).withSession { session in
      try await desk(session).cancel(session.teachers)
    }
  }

  /// Takes over the answers that are there, and submits nothing.
  package func fetch() async throws -> BatchDesk.Progress {
    try await fetch(renewsBudget: false)
  }

  private func fetch(renewsBudget: Bool) async throws -> BatchDesk.Progress {
    // Without batches there is nothing to fetch, and no key that it takes.
    guard try BatchDesk.requestsUnderWay(in: store.folder) > 0 || renewsBudget else {
      return BatchDesk.Progress()
    }
    let run = run(BatchQueue(in: store.folder))
    return try await run.withSession(renewsBudget: renewsBudget) { session in
      let progress = try await desk(session).fetch(session.teachers)
      try answers.add(progress)
      return progress
    }
  }

  private var answers: BatchedAnswersFile { BatchedAnswersFile(store) }

  private func run(_ queue: BatchQueue) -> GenerationRun {
    GenerationRun(store, observer: observer, answered: answers.counts) { [teacher] in
      try teacher($0, queue)
    }
  }

  private func desk(_ session: RunSession) -> BatchDesk {
    BatchDesk(in: store.folder, calls: session.calls, budget: session.budget)
  }
}
