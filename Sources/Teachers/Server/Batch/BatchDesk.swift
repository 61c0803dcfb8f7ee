package import ArtifactStore
package import Foundation

/// Submits requests in batches, and records their answers as if they had been asked one by one.
package struct BatchDesk: Sendable {
  /// Where the batches of a dataset are.
  package struct Progress: Sendable, Hashable {
    /// Batches that are not done.
    package var open = 0
    /// Of these, batches of which it is not known whether they were begun.
    package var unconfirmed = 0
    /// Requests of these that are done, and all of them.
    package var done = 0
    package var total = 0
    /// Answers that were recorded now, and their tokens.
    package var recorded = 0
    package var usage = Usage()
    /// Requests whose batch ended without an answer to them: they are asked again.
    package var unanswered = 0
    /// Whether the server had no time for some of these, or was told to stop.
    package var hasExpired = false
    /// What the server said of requests that it refused, by their keys: to ask again changes nothing.
    package var rejections: [String: String] = [:]
    /// What servers said of these, each once.
    package var problems: Set<String> = []
    /// Requests that were submitted now.
    package var submitted = 0
    package init() {}
  }

  /// So long a batch may appear at its server after it was submitted and no answer came.
  private static let confirmationTime = 1800

  private let ledger: BatchLedger
  private let calls: CallStore
  private let budget: Budget
  private let clock: RetryClock

  /// - Parameters:
  ///   - folder: The store's own.
  ///   - calls: Takes the answers.
  ///   - budget: Holds what ``hold(in:for:)`` set aside.
  ///   - clock: What the age of batches is told by.
  package init(
    in folder: URL, calls: CallStore, budget: Budget, clock: RetryClock = RetryClock()
  ) {
    ledger = BatchLedger(in: folder)
    self.calls = calls
    self.budget = budget
    self.clock = clock
  }

  /// How many requests of a dataset are in batches of which nothing was fetched.
  ///
  /// - Throws: ``StoreError`` when that is not known.
  package static func requestsUnderWay(in folder: URL) throws(StoreError) -> Int {
    try BatchLedger(in: folder).entries().reduce(0) { $0 + $1.requestCount }
  }

  /// Sets aside what the batches of a dataset can take at most.
  package static func hold(in folder: URL, for budget: Budget) throws(StoreError) {
    for entry in try BatchLedger(in: folder).entries() { budget.hold(entry.most) }
  }

  // MARK: - Submitting

  /// Submits what is queued, as far as the budget goes.
  ///
  /// - Parameter queue: The requests, none of which is under way.
  /// - Returns: How many were submitted.
  /// - Throws: ``TeacherError`` when a server refuses them or the budget has nothing left for the first;
  ///   batches before that stay.
  package func submit(_ queue: BatchQueue) async throws -> Int {
    var count = 0
    for spool in try queue.spools() {
      var part = BatchPart()
      var lines = try spool.lines()
      reading: while let line = try lines.next() {
        guard case .whole(let bytes) = line, let request = BatchedRequest(line: bytes) else {
          throw StoreError(.refused, "a request cannot be put in a batch")
        }
        let text = try spool.teacher.line(request.form)
        if !part.takes(text) {
          try await submit(part, to: spool.teacher)
          count += part.count
          part = BatchPart()
        }
        do throws(TeacherError) {
          part.add(text, request, most: try budget.setAsideInBatch(request.form.request))
        } catch {
          guard count + part.count > 0 else { throw error }
          break reading
        }
      }
      try await submit(part, to: spool.teacher)
      count += part.count
    }
    return count
  }

  private func submit(_ part: BatchPart, to teacher: BatchTeacher) async throws {
    guard part.count > 0 else { return }
    var entry = BatchLedger.Entry(
      name: UUID().uuidString.lowercased(), account: teacher.account,
      baseURL: teacher.service.url.base, id: nil, most: part.most, submittedAt: clock.date())
    try Task.checkCancellation()
    try ledger.save(entry, requests: part.requests)
    do throws(CallFailure) {
      entry.id = try await teacher.service.submit(
        part.lines, path: teacher.path, name: entry.name)
    } catch {
      if error.isRefusal {
        forget(entry)
        throw teacher.error(for: error)
      }
      // It may have been begun all the same; if that is not known either, a later look tells.
      entry.submittedAt = clock.date()
      try ledger.save(entry)
      guard
        let id = try? await teacher.service.find(
          name: entry.name, submittedAt: entry.submittedAt)
      else { throw teacher.error(for: error) }
      entry.id = id
    }
    try ledger.save(entry)
  }

  private func forget(_ entry: BatchLedger.Entry) {
    ledger.remove(entry)
    budget.release(entry.most)
  }

  // MARK: - Fetching

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

/// Requests of one batch while they are put together.
private struct BatchPart {
  /// What is submitted.
  var lines: [UInt8] = []
  /// What is kept here.
  var requests: [UInt8] = []
  var most = Budget.Share(calls: 0, tokens: 0, money: 0)
  var count: Int { most.calls }

  func takes(_ line: [UInt8]) -> Bool {
    count == 0
      || count < BatchService.mostRequests && lines.count + line.count <= BatchService.mostBytes
  }

  mutating func add(_ line: [UInt8], _ request: BatchedRequest, most share: Budget.Share) {
    lines += line
    requests += request.line
    most += share
  }
}
