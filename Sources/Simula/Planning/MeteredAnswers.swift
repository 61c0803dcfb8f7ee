import Synchronization
import Teachers

/// Passes requests on, and counts the answers that came for the work of one task.
struct MeteredAnswers: CallSource {
  /// What was counted.
  struct Reading: Sendable, Hashable {
    var calls = 0.0
    var inputTokens = 0.0
    var outputTokens = 0.0
    var money = 0.0
  }

  /// Counts for the task that it is bound to, and for its children.
  final class Meter: Sendable {
    private let state = Mutex(Reading())
    var reading: Reading { state.withLock { $0 } }

    fileprivate func add(_ usage: Usage, money: Double) {
      state.withLock { reading in
        reading.calls += 1
        reading.inputTokens += Double(usage.inputTokens)
        reading.outputTokens += Double(usage.outputTokens)
        reading.money += money
      }
    }
  }

  @TaskLocal static var meter: Meter?

  let source: any CallSource
  let budget: Budget

  func answer(
    _ request: CallRequest, from teacher: any Teacher
  ) async throws -> RecordedCall {
    let call = try await source.answer(request, from: teacher)
    Self.meter?.add(call.usage, money: budget.cost(call.usage, model: request.model))
    return call
  }
}
