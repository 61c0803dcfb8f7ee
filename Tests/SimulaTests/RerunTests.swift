import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Simula
import Synchronization
import Teachers
import TestSupport
import Testing

@Suite("Running again")
struct RerunTests {
  /// What a run from start to end in a new dataset gives, and how many answers it takes.
  private func uninterrupted(
    in folder: URL, _ knobs: Lab.Knobs = []
  ) async throws -> (state: DataState, calls: Int) {
    let lab = try Lab.make(in: folder, named: "whole", recipe: try Lab.recipe(knobs))
    let teacher = ScriptedTeacher.embedded()
    try await lab.run(teacher: teacher)
    return (try lab.state(), teacher.requests.count)
  }

  @Test("A run with nothing to do asks nothing and commits nothing")
  func nothingToDo() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe())
      let report = try await lab.run()
      #expect(report.kept == 12)
      #expect(report.versions.count == 2)
      let versions = try lab.versionCount
      let head = try lab.head().commit.id
      for stage in StageName.allCases {
        let teacher = ScriptedTeacher.texts("never asked")
        let again = try await lab.run(until: stage, teacher: teacher)
        #expect(again.isUpToDate)
        #expect(teacher.requests.isEmpty)
      }
      #expect(try lab.versionCount == versions)
      #expect(try lab.head().commit.id == head)
    }
  }

  @Test("Comments and spacing in recipe and sources make nothing stale")
  func comments() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "3")]))
      try await lab.run()
      for path in ["recipe.yaml", "factors.yaml", "strategies.yaml"] {
        try lab.write(path, "# A remark.\n\n" + (try lab.read(path)) + "\n# Another.\n")
      }
      let report = try await lab.run(teacher: ScriptedTeacher.texts("never asked"))
      #expect(report.isUpToDate)
    }
  }

  @Test("Stage after stage gives what all stages at once give, and asks nothing twice")
  func stages() async throws {
    try await withTemporaryDirectory { folder in
      let whole = try await uninterrupted(in: folder)
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe())
      let teacher = ScriptedTeacher.embedded()
      for stage in StageName.allCases {
        let report = try await lab.run(until: stage, teacher: teacher)
        #expect(report.versions.count == 1, "\(stage)")
        #expect(report.until == stage)
        let sources = try #require(try lab.sources)
        #expect(sources.taxonomies.allSatisfy { ($0.nodes.count > 1) == (stage >= .taxonomies) })
        #expect(sources.strategies.isEmpty == (stage < .strategies))
        #expect(try lab.ids(.mixes).isEmpty == (stage < .mixes))
        #expect(try lab.ids(.metaPrompts).isEmpty == (stage < .metaPrompts))
        #expect(try lab.ids(.samples).isEmpty == (stage < .samples))
        let again = try await lab.run(until: stage, teacher: teacher)
        #expect(again.isUpToDate, "\(stage)")
      }
      #expect(try lab.state() == whole.state)
      #expect(teacher.requests.count == whole.calls)
    }
  }

  @Test(
    "A run that fails goes on where it was, and gives what an uninterrupted one gives",
    arguments: [1, 25, 60, 85])
  func failing(_ limit: Int) async throws {
    try await withTemporaryDirectory { folder in
      let whole = try await uninterrupted(in: folder)
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe())
      let answered = Mutex(0)
      let teacher = ScriptedTeacher.embedded { _ throws(TeacherError) in
        let count = answered.withLock { count in
          count += 1
          return count
        }
        if count > limit { throw TeacherError(.unreachable, "the server is gone") }
        return nil
      }
      do {
        try await lab.run(teacher: teacher)
        Issue.record("the run ended without its teacher")
      } catch let stopped as RunStopped {
        #expect(stopped.cause is TeacherError)
        #expect(stopped.report.shortfall != nil)
        #expect(try lab.head().memos["Partial"] == stopped.report.shortfall)
        #expect(try lab.ids(.samples).count == stopped.report.kept)
        let kept = try lab.ids(.samples)
        #expect(kept.isSubset(of: whole.state.ids[.samples] ?? []))
      } catch {
        #expect(error is TeacherError)
      }
      let second = ScriptedTeacher.embedded()
      let report = try await lab.run(teacher: second)
      #expect(report.shortfall == nil)
      #expect(try lab.state() == whole.state)
      #expect(try lab.head().memos["Partial"] == nil)
      // Nothing that was answered is asked again.
      #expect(limit + second.requests.count == whole.calls)
    }
  }

  @Test("A run that is cancelled goes on where it was", arguments: [12, 70])
  func cancelled(_ limit: Int) async throws {
    try await withTemporaryDirectory { folder in
      let whole = try await uninterrupted(in: folder)
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe())
      let (reached, signal) = AsyncStream.makeStream(of: Void.self)
      let answered = Mutex(0)
      let teacher = ScriptedTeacher { request throws(TeacherError) in
        let count = answered.withLock { count in
          count += 1
          return count
        }
        if count > limit {
          signal.yield()
          do {
            try await Task.sleep(for: .seconds(3600))
          } catch {
            throw TeacherError(.cancelled, "stopped")
          }
        }
        return try EmbeddedTeacher(rates: EmbeddedRates()).answer(to: request).answer
      }
      let task = Task { try await lab.run(teacher: teacher) }
      for await _ in reached { break }
      task.cancel()
      await #expect(throws: (any Error).self) { _ = try await task.value }
      let second = ScriptedTeacher.embedded()
      try await lab.run(teacher: second)
      #expect(try lab.state() == whole.state)
      #expect(limit + second.requests.count == whole.calls)
    }
  }

  @Test("A run that ends short says so, and running again changes nothing")
  func shortfall() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder,
        recipe: try Lab.recipe([
          (["slots", "attempts"], "1"), (["slots", "extra"], "0"),
          (["teachers", "default", "accepts-right"], "0.5"),
        ]))
      let report = try await lab.run()
      let shortfall = try #require(report.shortfall)
      #expect(report.kept < 12 && report.kept > 0)
      #expect(report.kept + report.exhaustedSlots == 12)
      #expect(shortfall.hasPrefix("\(12 - report.kept) of 12 missing"))
      #expect(try lab.head().memos["Partial"] == shortfall)
      let versions = try lab.versionCount
      let again = try await lab.run(teacher: ScriptedTeacher.texts("never asked"))
      #expect(again.shortfall == shortfall)
      #expect(again.versions.isEmpty)
      #expect(try lab.versionCount == versions)
      // More attempts and slots fill what is missing.
      try lab.set(["slots", "attempts"], to: "4")
      try lab.set(["slots", "extra"], to: "0.5")
      #expect(try await lab.run().shortfall == nil)
      #expect(try lab.ids(.samples).count == 12)
    }
  }

  @Test("A run whose first slots all fail stops with their commonest cause")
  func hopeless() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "100")]))
      let teacher = ScriptedTeacher.embedded { request throws(TeacherError) in
        request.task == "generate" ? .stop("I would rather not.") : nil
      }
      let error = await #expect(throws: SimulaError.self) {
        try await lab.run(teacher: teacher)
      }
      #expect(error?.code == .hopeless)
      #expect(error?.message.contains("unreadable") == true)
      #expect(try lab.ids(.samples).isEmpty)
      #expect(try lab.records(.rejections).count == GenerationRun.hopelessAfter * 4)
      // Again the same, from recorded answers and without another version.
      let count = try lab.versionCount
      let again = await #expect(throws: SimulaError.self) {
        try await lab.run(teacher: ScriptedTeacher.texts("never asked"))
      }
      #expect(again?.message == error?.message)
      #expect(try lab.versionCount == count)
    }
  }

  @Test("Raising N adds samples and keeps the ones that are there; lowering it removes the last")
  func sampleCount() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "6")]))
      try await lab.run()
      let six = try lab.state()
      try lab.set(["samples"], to: "10")
      try await lab.run()
      #expect(try lab.ids(.samples).isSuperset(of: six.ids[.samples] ?? []))
      #expect(try lab.ids(.samples).count == 10)
      try lab.set(["samples"], to: "6")
      let report = try await lab.run(teacher: ScriptedTeacher.texts("never asked"))
      #expect(report.counts.asked == 0)
      #expect(try lab.state() == six)
      try lab.set(["samples"], to: "0")
      try await lab.run()
      #expect(try lab.ids(.samples).isEmpty)
    }
  }
}
