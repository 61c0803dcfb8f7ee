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

  let ledger: BatchLedger
  let calls: CallStore
  let budget: Budget
  let clock: RetryClock

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
          throw StoreError(
            .refused,
            "a request for '\(spool.teacher.settings.model)' is longer than "
              + "\(Shard.maximumLineSizeInBytes) bytes, which no batch takes",
            hint: "shorten the references, examples or templates that go into its prompt")
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

  func forget(_ entry: BatchLedger.Entry) {
    ledger.remove(entry)
    budget.release(entry.most)
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
