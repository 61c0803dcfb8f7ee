import Pipeline
import Testing

@Suite("Filling slots")
struct SlotFillingTests {
  @Test("Any order of work and any number of workers give what one after the other gives")
  func reference() async throws {
    for seed in 0..<400 {
      var random = SplitMix(seed &+ 77)
      let workers = [1, 2, 3, 8, 64][Int.random(in: 0..<5, using: &random)]
      let script = SlotScript(seed: seed, workers: workers)
      let run = SlotRun(script, seed: seed)
      let progress = try await run.filling().run()
      let expected = script.reference()
      #expect(run.settled == expected, "seed \(seed), \(workers) workers")
      #expect(progress == expected.last?.progress ?? .init(), "seed \(seed)")
    }
  }

  @Test("Slots of which all is known take no work, until an earlier one makes them doubtful")
  func known() async throws {
    var passed = 0
    for seed in 0..<150 {
      var random = SplitMix(seed &+ 99)
      let workers = [1, 2, 8, 64][Int.random(in: 0..<4, using: &random)]
      let share = [0.1, 0.5, 0.95, 1][Int.random(in: 0..<4, using: &random)]
      let script = SlotScript(seed: seed, workers: workers)
      let expected = script.reference()
      let known = expected.filter { _ in Double.random(in: 0...1, using: &random) < share }
      let run = SlotRun(script, seed: seed, known: known)
      let progress = try await run.filling().run()
      #expect(progress == expected.last?.progress ?? .init(), "seed \(seed)")
      for (settled, expected) in zip(run.settled, expected) {
        #expect(settled.slot == expected.slot && settled.isKept == expected.isKept, "seed \(seed)")
        #expect(settled.trail.isEmpty || settled.trail == expected.trail, "seed \(seed)")
        #expect(!settled.trail.isEmpty || run.tries.keys.allSatisfy { $0[0] != settled.slot })
        if settled.trail.isEmpty { passed += 1 }
      }
    }
    #expect(passed > 500)
  }

  @Test("One worker and 64 settle the same", arguments: [1, 64])
  func workers(_ workers: Int) async throws {
    for seed in 1000..<1040 {
      let script = SlotScript(seed: seed, workers: workers)
      let run = SlotRun(script, seed: seed)
      _ = try await run.filling().run()
      #expect(run.settled == SlotScript(seed: seed, workers: 7).reference())
    }
  }

  @Test("Exactly N are kept when enough are accepted, and no slot beyond is tried")
  func exactlyN() async throws {
    let script = SlotScript(
      (0..<60).map { [$0 % 3 == 0 ? nil : $0] }, wanted: 30, attempts: 1, workers: 16)
    let run = SlotRun(script, seed: 5)
    let progress = try await run.filling().run()
    #expect(progress.kept == 30)
    #expect(run.settled.count == 45)
    #expect(run.tries.count == 45)
    #expect(run.tries.values.allSatisfy { $0 == 1 })
  }

  @Test("A run that ends short has spent all its extra slots")
  func shortfall() async throws {
    let script = SlotScript(
      (0..<15).map { [$0 < 4 ? $0 : nil, nil] }, wanted: 10, attempts: 2, workers: 4)
    let run = SlotRun(script, seed: 5)
    let progress = try await run.filling().run()
    #expect(progress.kept == 4)
    #expect(progress.exhausted == 11)
    #expect(run.settled.map(\.slot) == Array(0..<15))
  }

  @Test("A duplicate goes on at the attempt after the one that it fails with")
  func duplicates() async throws {
    let script = SlotScript(
      [[1, 2, 3], [nil, 1, 4], [1, 1, 1], [1, nil, nil], [9, 9, 9]], wanted: 3, attempts: 3,
      workers: 8)
    let run = SlotRun(script, seed: 1)
    _ = try await run.filling().run()
    #expect(run.settled.map(\.trail) == [[0], [1, 2], [0, 1, 2], [0, nil], [0]])
    #expect(run.settled.map(\.isKept) == [true, true, false, false, true])
    #expect(run.tries[[1, 2]] == 1)
    #expect(run.tries[[2, 3]] == nil)
  }

  @Test("Nothing wanted means that nothing is tried")
  func nothingWanted() async throws {
    let run = SlotRun(SlotScript([[1], [2]], wanted: 0, attempts: 1, workers: 64), seed: 0)
    let progress = try await run.filling().run()
    #expect(progress == .init())
    #expect(run.tries.isEmpty)
    #expect(run.settled.isEmpty)
  }

  @Test("A filling without hope stops at one slot whatever the workers", arguments: [1, 5, 64])
  func hopeless(_ workers: Int) async throws {
    let limits = SlotFilling<Int>.Limits(
      wanted: 500, attempts: 2, extraSlots: 250, workers: workers)
    let filling = SlotFilling<Int>(
      limits, attempt: { _, _, _ in SlotOutcome(acceptedAttempt: nil, value: 0) },
      admit: { _, _, _ in .kept }, settle: { _, _, _, _ in },
      isHopeless: { $0.kept == 0 && $0.exhausted >= 12 })
    let progress = try await filling.run()
    #expect(progress.exhausted == 12)
    #expect(progress.kept == 0)
  }
}
