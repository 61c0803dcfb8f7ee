import Dataset
import Synchronization
import Testing

@testable import Teachers

@Suite("Budget")
struct BudgetTests {
  private static let prices = ["fake-1": Price(input: 2, output: 10)]

  private func knobs(_ change: (inout BudgetKnobs) -> Void) -> BudgetKnobs {
    var knobs = BudgetKnobs()
    change(&knobs)
    return knobs
  }

  private func asked(_ number: Int) -> CallRequest {
    var asked = request(String(repeating: "x", count: 84), draw: "slot \(number)")
    asked.sampling.maxTokens = 100
    return asked
  }

  /// Spends until nothing more is granted, by many tasks at once.
  private func spend(_ budget: Budget, usage: Usage) async -> TeacherError? {
    await withTaskGroup(of: TeacherError?.self) { group in
      for number in 0..<400 {
        group.addTask {
          do throws(TeacherError) {
            let share = try await budget.setAside(for: asked(number))
            await Task.yield()
            budget.settle(share, usage: usage, model: "fake-1")
            return nil
          } catch {
            return error
          }
        }
      }
      var last: TeacherError?
      for await error in group { last = error ?? last }
      return last
    }
  }

  @Test("as many calls are made as are granted, and not one more")
  func calls() async {
    let budget = Budget(knobs { $0.calls = 37 }, prices: [:])
    let error = await spend(budget, usage: Usage(inputTokens: 1, outputTokens: 1))
    #expect(budget.spent.calls == 37)
    #expect(error?.code == .budget)
    #expect(error?.message == "the budget of 37 calls is spent")
  }

  @Test("tokens are set aside at their most, and what is left of them is used")
  func tokens() async {
    // A request takes 100 tokens at most, and its answer 100.
    let budget = Budget(knobs { $0.tokens = 2000 }, prices: [:])
    let error = await spend(budget, usage: Usage(inputTokens: 30, outputTokens: 20))
    let spent = budget.spent.inputTokens + budget.spent.outputTokens
    #expect((1801...2000).contains(spent))
    #expect(error?.message == "the budget of 2000 tokens is spent")
  }

  @Test("money is counted by the prices, and never passed")
  func money() async {
    let budget = Budget(knobs { $0.money = 0.03 }, prices: Self.prices)
    let error = await spend(budget, usage: Usage(inputTokens: 50, outputTokens: 100))
    // One costs 0.0011 here, and at most 0.0012.
    #expect(budget.spent.money <= 0.03)
    #expect(budget.spent.calls == 27 || budget.spent.calls == 26)
    #expect(error?.message == "the budget of 0.03 is spent")
  }

  @Test("a request without an answer costs nothing")
  func failures() async throws {
    let budget = Budget(knobs { $0.calls = 1 }, prices: Self.prices)
    for number in 0..<5 {
      let share = try await budget.setAside(for: asked(number))
      budget.settle(share, usage: nil, model: "fake-1")
    }
    #expect(budget.spent.calls == 0)
    _ = try await budget.setAside(for: asked(9))
  }

  @Test("time counts over all attempts")
  func hours() async throws {
    let clock = TestClock()
    var before = Budget.Spent()
    before.seconds = 3000
    let budget = Budget(
      knobs { $0.hours = 1 }, prices: [:], spent: before, now: clock.retryClock.now)
    let share = try await budget.setAside(for: asked(0))
    budget.settle(share, usage: Usage(), model: "fake-1")
    try await clock.retryClock.sleep(.seconds(599))
    budget.settle(
      try await budget.setAside(for: asked(1)), usage: Usage(), model: "fake-1")
    try await clock.retryClock.sleep(.seconds(1))
    let error = await #expect(throws: TeacherError.self) {
      _ = try await budget.setAside(for: asked(2))
    }
    #expect(error?.message == "the budget of 1 hours is spent")
    #expect(budget.spent.seconds == 3600)
  }

  @Test("who waits for what others leave stops when the run stops")
  func cancellation() async throws {
    let budget = Budget(knobs { $0.calls = 1 }, prices: [:])
    let share = try await budget.setAside(for: asked(0))
    let waiting = Task { () throws(TeacherError) in try await budget.setAside(for: asked(1)) }
    waiting.cancel()
    budget.settle(share, usage: nil, model: "fake-1")
    let error = await #expect(throws: TeacherError.self) { _ = try await waiting.value }
    #expect(error?.code == .cancelled)
  }

  @Test("what requests in batches may take is not granted to others")
  func batches() async throws {
    let budget = Budget(knobs { $0.calls = 6 }, prices: [:])
    let inBatch = try budget.setAsideInBatch(asked(0))
    budget.hold(Budget.Share(calls: 4, tokens: 9, money: 0))
    let share = try await budget.setAside(for: asked(1))
    budget.settle(share, usage: Usage(), model: "fake-1")
    let error = await #expect(throws: TeacherError.self) {
      try await budget.setAside(for: asked(2))
    }
    #expect(error?.code == .budget)
    #expect(
      error?.message
        == "the budget of 6 calls is spent, with what 5 requests in batches may take")
    #expect(throws: TeacherError.self) { try budget.setAsideInBatch(asked(3)) }
    budget.release(inBatch)
    _ = try budget.setAsideInBatch(asked(3))
  }
}
