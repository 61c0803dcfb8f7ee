import ArtifactStore
import CanonicalJSON
import Foundation
import JSONSchema
import Teachers

/// Looking up recorded answers in this process: from a request in memory to its answer in memory, the
/// requests in the order of the slots that they fill.
struct LookupBenchmark {
  /// What was measured.
  struct Result {
    let count: Int
    /// Calls a second, by one task and by as many as there are cores.
    let alone: Double
    let together: Double
    /// Of checking an answer against the sample's schema.
    let validationMicroseconds: Double

    var text: String {
      String(
        format: "%.0f a second, one task %.0f; schema validation %.1f us each", together, alone,
        validationMicroseconds)
    }
  }

  private static let most = 100_000

  /// A dataset whose samples were made by one call each.
  let folder: URL

  func run() async throws -> Result {
    let store = try Store(at: folder)
    let lock = try store.lock(purpose: "benchmark")
    defer { withExtendedLifetime(lock) {} }
    let requests = try self.requests(store)
    let calls = try CallStore(store)
    defer { calls.close() }
    let cache = CallCache(calls, namedCalls: { [] })
    let alone = try measure(requests) { try Self.find(requests[...], in: cache) }
    let workers = ProcessInfo.processInfo.activeProcessorCount
    let part = (requests.count + workers - 1) / workers
    let together = try await measure(requests) {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for start in stride(from: 0, to: requests.count, by: part) {
          group.addTask {
            try Self.find(requests[start..<min(start + part, requests.count)], in: cache)
          }
        }
        try await group.waitForAll()
      }
    }
    return Result(
      count: requests.count, alone: alone, together: together,
      validationMicroseconds: try validate(requests, cache))
  }

  /// The requests of the samples, in the order of their slots.
  private func requests(_ store: Store) throws -> [CallRequest] {
    guard let version = try store.head() else { return [] }
    var calls: [(slot: Int, id: RecordID)] = []
    try version.forEachRecord(.samples) { (record) throws(StoreError) in
      let value = try record.value()
      if let slot = value["slot"]?.int, let id = value["call"]?.string.flatMap(RecordID.init(hex:))
      {
        calls.append((slot, id))
      }
    }
    calls.sort { $0.slot < $1.slot }
    return try calls.prefix(Self.most).map { call in
      guard let match = try store.index.find(call.id).first,
        let request = try JSON(parsing: store.reader.line(at: match.location))["request"]
      else { throw MeasuredProgram.Failure(description: "call '\(call.id)' is not there") }
      return try RecordedRequest.request(request)
    }
  }

  private static func find(_ requests: ArraySlice<CallRequest>, in cache: CallCache) throws {
    for request in requests {
      guard try cache.find(request) != nil else {
        throw MeasuredProgram.Failure(description: "a recorded answer was not found")
      }
    }
  }

  private func measure(
    _ requests: [CallRequest], _ body: () async throws -> Void
  ) async rethrows -> Double {
    let start = ContinuousClock.now
    try await body()
    return Double(requests.count) / (start.duration(to: .now) / .seconds(1))
  }

  private func measure(_ requests: [CallRequest], _ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return Double(requests.count) / (start.duration(to: .now) / .seconds(1))
  }

  private func validate(_ requests: [CallRequest], _ cache: CallCache) throws -> Double {
    guard let schema = requests.first?.schema else { return 0 }
    let validator = try SchemaValidator(schema: schema)
    let answers = try requests.prefix(10_000).compactMap { request in
      try cache.find(request).flatMap { try? JSON(parsing: $0.answer.text) }
    }
    let start = ContinuousClock.now
    var bad = 0
    for answer in answers where !validator.validate(answer).isEmpty { bad += 1 }
    let seconds = start.duration(to: .now) / .seconds(1)
    guard bad == 0 else {
      throw MeasuredProgram.Failure(description: "\(bad) answers break the schema")
    }
    return seconds / Double(max(1, answers.count)) * 1e6
  }
}
