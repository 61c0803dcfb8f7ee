import Pipeline
import Synchronization
import Testing

@Suite("Filling slots that fails or is stopped", .timeLimit(.minutes(15)))
struct SlotFailureTests {
  struct Failure: Error, Hashable { let slot: Int }

  /// Checks that what was settled is a prefix of what an undisturbed run settles.
  private func expectPrefix(
    _ run: SlotRun, _ progress: SlotFilling<Int>.Progress, below limit: Int,
    _ comment: Comment
  ) {
    let expected = run.script.reference()
    #expect(run.settled == Array(expected.prefix(run.settled.count)), comment)
    #expect(run.settled.count <= limit, comment)
    #expect(progress == run.settled.last?.progress ?? .init(), comment)
  }

  @Test("The error of an attempt ends the run with the slots before it intact")
  func attemptFails() async throws {
    for seed in 0..<120 {
      var random = SplitMix(seed)
      let workers = [1, 2, 8, 64][seed % 4]
      let script = SlotScript(seed: seed, workers: workers)
      let count = script.reference().count
      guard count > 0 else { continue }
      let bad = Int.random(in: 0..<count, using: &random)
      let run = SlotRun(
        script, seed: seed, disturb: { slot in if slot == bad { throw Failure(slot: slot) } })
      let filling = run.filling()
      await #expect(throws: Failure(slot: bad), "seed \(seed)") { _ = try await filling.run() }
      expectPrefix(run, filling.progress, below: bad, "seed \(seed)")
    }
  }

  @Test("An error while settling ends the run, and no later slot is settled")
  func settlingFails() async throws {
    for seed in 0..<200 {
      let workers = [1, 2, 8, 64][seed % 4]
      let script = SlotScript(seed: seed, workers: workers)
      let expected = script.reference()
      guard let bad = expected.indices.randomElement() else { continue }
      let calls = Mutex<[Int]>([])
      let run = SlotRun(
        script, seed: seed,
        settling: { slot in
          calls.withLock { $0.append(slot) }
          if slot == bad { throw Failure(slot: slot) }
        })
      let filling = run.filling()
      await #expect(throws: Failure(slot: bad)) { _ = try await filling.run() }
      #expect(calls.withLock { $0 } == Array(0...bad), "seed \(seed)")
      #expect(run.settled == Array(expected.prefix(bad)), "seed \(seed)")
      #expect(filling.progress.settled == bad, "seed \(seed)")
    }
  }

  @Test("An error while admitting ends the run, and no later slot is settled")
  func admittingFails() async throws {
    for seed in 0..<60 {
      let script = SlotScript(
        (0..<30).map { [$0, $0 + 100] }, wanted: 20, attempts: 2, workers: [1, 8, 64][seed % 3])
      let run = SlotRun(
        script, seed: seed, admitting: { slot in if slot == 7 { throw Failure(slot: slot) } })
      let filling = run.filling()
      await #expect(throws: Failure(slot: 7)) { _ = try await filling.run() }
      #expect(run.settled.map(\.slot) == Array(0..<7))
      #expect(filling.progress.settled == 7)
    }
  }

  @Test("Cancelling ends a run whose attempts wait, also when workers have nothing to do")
  func cancelled() async throws {
    for workers in [1, 2, 64] {
      let script = SlotScript(
        (0..<12).map { [$0] }, wanted: 8, attempts: 1, workers: workers)
      let (reached, signal) = AsyncStream.makeStream(of: Void.self)
      let run = SlotRun(
        script, seed: workers,
        disturb: { slot in
          guard slot >= 5 else { return }
          signal.yield()
          try await Task.sleep(for: .seconds(3600))
        })
      let filling = run.filling()
      let task = Task { try await filling.run() }
      for await _ in reached { break }
      task.cancel()
      await #expect(throws: CancellationError.self) { _ = try await task.value }
      expectPrefix(run, filling.progress, below: 5, "\(workers) workers")
    }
  }

  @Test("A run that is cancelled before it starts settles nothing it could not finish")
  func cancelledBefore() async throws {
    let run = SlotRun(SlotScript(seed: 3, workers: 8), seed: 3)
    let filling = run.filling()
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return try await filling.run()
    }
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    #expect(run.settled.isEmpty)
  }

  @Test("A cancelled run that goes on later settles what an undisturbed one settles")
  func resumed() async throws {
    let script = SlotScript(seed: 8, workers: 4)
    let first = SlotRun(
      script, seed: 1, disturb: { slot in if slot == 3 { throw Failure(slot: slot) } })
    _ = try? await first.filling().run()
    let second = SlotRun(script, seed: 2)
    _ = try await second.filling().run()
    #expect(second.settled == script.reference())
  }
}
