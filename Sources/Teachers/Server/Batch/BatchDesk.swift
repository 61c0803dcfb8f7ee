package import ArtifactStore
package import Foundation

/// Submits requests in batches, and records their answers as if they had been asked one by one.
package struct BatchDesk: Sendable {
  /// Where the batches of a dataset are.
  package struct Progress: Sendable, Hashable {
    /// Batches that are not done.
    package var open = 0
    /// Requests of these that are done, and all of them.
    package var done = 0
    package var total = 0
    /// Answers that were recorded now.
    package var recorded = 0
    /// Requests whose batch ended without an answer to them: they are asked again.
    package var unanswered = 0
    /// What servers said of these, each once.
    package var problems: Set<String> = []
    /// Requests that were submitted now.
    package var submitted = 0
    package init() {}
  }

  private let ledger: BatchLedger
  private let calls: CallStore
  private let budget: Budget

  package init(in folder: URL, calls: CallStore, budget: Budget) {
    ledger = BatchLedger(in: folder)
    self.calls = calls
    self.budget = budget
  }

  /// How many requests of a dataset are in batches of which nothing was fetched.
  package static func requestsUnderWay(in folder: URL) -> Int {
    BatchLedger(in: folder).entries().reduce(0) { $0 + $1.requestCount }
  }

  // MARK: - Submitting

  /// Submits what is queued, as far as the budget goes.
  ///
  /// - Parameter queue: The requests, none of which is under way.
  /// - Returns: How many were submitted.
  /// - Throws: ``TeacherError`` when a server refuses them or the budget has nothing left for the first;
  ///   batches before that stay.
  package func submit(_ queue: BatchQueue) async throws -> Int {
    var groups: [String: (teacher: BatchTeacher, requests: [CallRequest])] = [:]
    for (request, teacher) in try budget.affordable(queue.entries, request: \.request) {
      groups[teacher.account, default: (teacher, [])].requests.append(request)
    }
    var count = 0
    for (_, group) in groups.sorted(by: { $0.key < $1.key }) {
      var lines: [UInt8] = []
      var requests: [CallRequest] = []
      for request in group.requests {
        let line = try group.teacher.line(request)
        if requests.count == BatchService.mostRequests
          || lines.count + line.count > BatchService.mostBytes
        {
          try await submit(lines, requests, to: group.teacher)
          (lines, requests) = ([], [])
        }
        lines += line
        requests.append(request)
      }
      try await submit(lines, requests, to: group.teacher)
      count += group.requests.count
    }
    return count
  }

  private func submit(
    _ lines: [UInt8], _ requests: [CallRequest], to teacher: BatchTeacher
  ) async throws {
    guard !requests.isEmpty else { return }
    var entry = BatchLedger.Entry(
      name: UUID().uuidString.lowercased(), account: teacher.account,
      baseURL: teacher.service.url.base, id: nil,
      requestCount: requests.count, submittedAt: Int(Date().timeIntervalSince1970))
    try Task.checkCancellation()
    try ledger.save(entry, requests: requests)
    do throws(CallFailure) {
      entry.id = try await teacher.service.submit(lines, path: teacher.path, name: entry.name)
    } catch {
      // Refused means not begun; of anything else the next look tells.
      if case .status(let status) = error, (400...499).contains(status.status),
        ![408, 409].contains(status.status)
      {
        ledger.remove(entry)
      }
      throw teacher.error(for: error)
    }
    try ledger.save(entry)
  }

  // MARK: - Fetching

  /// Looks at all batches, and records what is there of those that are done.
  ///
  /// - Parameter teachers: Those of the recipe; a batch of another server waits for its own.
  /// - Returns: Where they are.
  /// - Throws: ``TeacherError`` when a server cannot be asked; what was recorded before stays.
  package func fetch(_ teachers: [any Teacher]) async throws -> Progress {
    var progress = Progress()
    for var entry in ledger.entries() {
      guard
        let teacher = teachers.lazy.compactMap({ $0 as? BatchTeacher })
          .first(where: { $0.account == entry.account })
      else {
        throw TeacherError(
          .unusable,
          "a batch of \(entry.requestCount) requests is under way at "
            + "'\(entry.baseURL)', which the recipe no longer names",
          hint: "name it again until the batch is done")
      }
      let lines: [BatchService.Line]
      do throws(CallFailure) {
        if entry.id == nil { entry.id = try await teacher.service.find(name: entry.name) }
        guard let id = entry.id else {
          // It was never begun.
          ledger.remove(entry)
          continue
        }
        let status = try await teacher.service.status(of: id)
        guard status.state.isFinal else {
          progress.open += 1
          progress.done += status.done + status.failed
          progress.total += max(status.total, entry.requestCount)
          continue
        }
        if let problem = status.problem { progress.problems.insert(problem) }
        var found: [BatchService.Line] = []
        for file in [status.outputFile, status.errorFile].compactMap(\.self) {
          found += try await teacher.service.lines(of: file)
        }
        lines = found
      } catch {
        throw teacher.error(for: error)
      }
      try await record(lines, of: entry, by: teacher, &progress)
      ledger.remove(entry)
    }
    return progress
  }

  private func record(
    _ lines: [BatchService.Line], of entry: BatchLedger.Entry, by teacher: BatchTeacher,
    _ progress: inout Progress
  ) async throws {
    var requests = try ledger.requests(of: entry)
    for line in lines {
      guard let reply = teacher.reply(in: line) else {
        if !line.problem.isEmpty { progress.problems.insert(line.problem) }
        continue
      }
      // A second answer to one request, or one that nobody asked for, counts for nothing.
      guard let request = requests.removeValue(forKey: line.name) else { continue }
      // It was paid for, whoever answered the request first.
      budget.count(reply.usage, model: request.model)
      progress.recorded += 1
      let form = RequestForm(request)
      guard try calls.find(form.key.digest).isEmpty else { continue }
      try await calls.append(CallText.record(form, reply), key: form.key.digest)
    }
    progress.unanswered += requests.count
  }

  /// Ends all batches that are under way; their answers so far are fetched as those of others.
  package func cancel(_ teachers: [any Teacher]) async throws {
    for entry in ledger.entries() {
      guard let id = entry.id,
        let teacher = teachers.lazy.compactMap({ $0 as? BatchTeacher })
          .first(where: { $0.account == entry.account })
      else { continue }
      do throws(CallFailure) { try await teacher.service.cancel(id) } catch {
        throw teacher.error(for: error)
      }
    }
  }
}
