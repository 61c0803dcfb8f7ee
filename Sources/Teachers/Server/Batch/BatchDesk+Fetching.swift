import ArtifactStore
import Foundation

extension BatchDesk {
  /// So long a batch may appear at its server after it was submitted and no answer came, in seconds.
  private static let confirmationTime = 1800

  /// Looks at all batches, and records what is there of those that are done.
  ///
  /// - Parameter teachers: Those of the recipe; a batch of another server waits for its own.
  /// - Returns: Where they are.
  /// - Throws: ``TeacherError`` when a server cannot be asked of one of them; the others are fetched all
  ///   the same.
  package func fetch(_ teachers: [any Teacher]) async throws -> Progress {
    var progress = Progress()
    var failure: (any Error)?
    for entry in try ledger.entries() {
      do {
        try await fetch(entry, try teacher(of: entry, among: teachers), &progress)
      } catch {
        failure = failure ?? error
        // Whoever is stopped looks at no other.
        try Task.checkCancellation()
      }
    }
    if let failure { throw failure }
    return progress
  }

  private func fetch(
    _ entry: BatchLedger.Entry, _ teacher: BatchTeacher, _ progress: inout Progress
  ) async throws {
    do {
      guard let id = try await id(of: entry, teacher) else {
        if clock.date() - entry.submittedAt < Self.confirmationTime {
          progress.open += 1
          progress.unconfirmed += 1
          progress.total += entry.requestCount
        } else {
          // It was never begun.
          forget(entry)
        }
        return
      }
      let status = try await teacher.service.status(of: id)
      guard status.state.isFinal else {
        progress.open += 1
        progress.done += status.done + status.failed
        progress.total += max(status.total, entry.requestCount)
        return
      }
      if let problem = status.problem { progress.problems.insert(problem) }
      try await record(status, of: entry, by: teacher, &progress)
    } catch let failure as CallFailure {
      if case .status(let status) = failure, [404, 410].contains(status.status) {
        throw TeacherError(
          .rejected,
          "the server knows nothing of batch '\(entry.id ?? entry.name)' any more (status "
            + "\(status.status))",
          hint:
            "remove what begins with '\(entry.name)' in '\(ledger.folder.path)' to give it up; its "
            + "requests are then asked again")
      }
      throw teacher.error(for: failure)
    }
  }

  private func id(
    of entry: BatchLedger.Entry, _ teacher: BatchTeacher
  ) async throws(CallFailure) -> String? {
    if let id = entry.id { return id }
    return try await teacher.service.find(name: entry.name, submittedAt: entry.submittedAt)
  }

  private func record(
    _ status: BatchService.Status, of entry: BatchLedger.Entry, by teacher: BatchTeacher,
    _ progress: inout Progress
  ) async throws {
    var answers = BatchAnswers(
      try ledger.requests(of: entry), calls: calls, budget: budget, teacher: teacher)
    for (part, file) in [(BatchLedger.Part.output, status.outputFile), (.errors, status.errorFile)]
    {
      guard let file else { continue }
      let target = ledger.file(entry, part)
      try await teacher.service.download(file, to: target)
      try await answers.record(target)
    }
    guard answers.badLineCount == 0,
      answers.lineCount >= min(status.done + status.failed, entry.requestCount)
    else {
      throw CallFailure.cut("the answers of a batch came incomplete")
    }
    progress.recorded += answers.recorded
    progress.usage.inputTokens += answers.usage.inputTokens
    progress.usage.outputTokens += answers.usage.outputTokens
    progress.unanswered += answers.unanswered
    progress.hasExpired = progress.hasExpired || [.expired, .cancelled].contains(status.state)
    progress.rejections.merge(answers.rejections) { first, _ in first }
    progress.problems.formUnion(answers.problems)
    forget(entry)
    if answers.hasOversized { throw teacher.error(for: .oversized) }
  }

  /// Ends all batches that are under way; their answers so far are fetched as those of others.
  ///
  /// - Returns: What kept some from being ended.
  /// - Throws: ``TeacherError`` for a batch of which no model is in the recipe.
  package func cancel(_ teachers: [any Teacher]) async throws -> Set<String> {
    var problems: Set<String> = []
    for entry in try ledger.entries() {
      let teacher = try teacher(of: entry, among: teachers)
      do throws(CallFailure) {
        if let id = try await id(of: entry, teacher) { try await teacher.service.cancel(id) }
      } catch {
        problems.insert(teacher.error(for: error).message)
      }
    }
    return problems
  }

  /// Who can ask for a batch.
  private func teacher(
    of entry: BatchLedger.Entry, among teachers: [any Teacher]
  ) throws(TeacherError) -> BatchTeacher {
    let batchTeachers = teachers.compactMap { $0 as? BatchTeacher }
    if let own = batchTeachers.first(where: { $0.account == entry.account }) { return own }
    if let keyless = teachers.lazy.compactMap({ $0 as? KeylessTeacher }).first {
      throw keyless.error
    }
    let requests = "a batch of \(entry.requestCount) requests is under way at '\(entry.baseURL)'"
    if batchTeachers.contains(where: { $0.service.url.base == entry.baseURL }) {
      throw TeacherError(
        .unusable, "\(requests) for another model, key variable, organisation or headers",
        hint: "restore them in recipe.yaml until the batch is done")
    }
    throw TeacherError(
      .unusable, "\(requests), which the recipe no longer names",
      hint: "name it again until the batch is done")
  }
}
