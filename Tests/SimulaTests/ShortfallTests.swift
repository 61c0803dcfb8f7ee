import ArtifactStore
import Dataset
import Simula
import Synchronization
import Teachers
import Testing

/// Exactly N samples, or a statement of how many are missing and why.
@Suite("Attempts, extra slots and shortfalls")
struct ShortfallTests {
  @Test("More attempts ask for the next attempt of exhausted slots, and drop the extra ones")
  func attempts() async throws {
    let script = Garden.accepting(refusing: ["slot 4 attempt 0", "slot 12 attempt 0"])
    try await Garden.with([(["slots", "attempts"], "1")], except: script) { garden in
      let before = try garden.slots()
      #expect(before.keys.sorted() == Array(0..<4) + Array(5..<12) + [13])
      try garden.lab.set(["slots", "attempts"], to: "2")
      #expect(
        try await garden.asked(except: script) == Garden.questions(Garden.all, [4], attempt: 1))
      #expect(try garden.slots().keys.sorted() == Array(0..<12))
      try garden.lab.set(["slots", "attempts"], to: "4")
      #expect(try await garden.asked(except: script).isEmpty)
      try garden.lab.set(["slots", "attempts"], to: "1")
      #expect(try await garden.asked(except: script).isEmpty)
      #expect(try garden.slots() == before)
    }
  }

  @Test("More extra slots ask for those slots, in order, and fewer ask nothing")
  func extraSlots() async throws {
    let refused = Set([0, 3, 12, 13].map { "slot \($0) attempt 0" })
    let script = Garden.accepting(refusing: refused)
    let knobs: Lab.Knobs = [(["slots", "attempts"], "1"), (["slots", "extra"], "0")]
    try await Garden.with(knobs, except: script) { garden in
      #expect(try garden.slots().count == 10)
      #expect(try garden.lab.head().memos["Partial"]?.hasPrefix("2 of 12 missing: 2 slots") == true)
      // A share of N, rounded down: 3, and then 4 of which the last two are kept.
      try garden.lab.set(["slots", "extra"], to: "0.25")
      #expect(try await garden.asked(except: script) == Garden.questions(Garden.all, 12..<15))
      #expect(try garden.lab.head().memos["Partial"]?.hasPrefix("1 of 12 missing: 4 slots") == true)
      try garden.lab.set(["slots", "extra"], to: "0.5")
      #expect(try await garden.asked(except: script) == Garden.questions(Garden.all, [15]))
      #expect(try garden.lab.head().memos["Partial"] == nil)
      #expect(try garden.slots().keys.sorted() == [1, 2] + Array(4..<12) + [14, 15])
      try garden.lab.set(["slots", "extra"], to: "0")
      #expect(try await garden.asked(except: script).isEmpty)
      #expect(try garden.slots().count == 10)
    }
  }

  @Test(
    "A run that fails on the way to a shortfall comes to the same one later",
    arguments: [4, 31, 58, 70])
  func interruptedShortfall(_ limit: Int) async throws {
    let script = Garden.accepting(refusing: Set([0, 3, 12, 13].map { "slot \($0) attempt 0" }))
    let knobs: Lab.Knobs = [(["slots", "attempts"], "1"), (["slots", "extra"], "0.25")]
    try await Garden.with(knobs, except: script) { whole in
      let lab = try Lab.make(in: whole.folder, named: "part", recipe: "", files: whole.lab.inputs())
      let answered = Mutex(0)
      let failing = ScriptedTeacher.embedded(AttemptTests.rates) { request throws(TeacherError) in
        let count = answered.withLock { count in
          count += 1
          return count
        }
        if count > limit { throw TeacherError(.unreachable, "the server is gone") }
        return try script(request)
      }
      await #expect(throws: (any Error).self) { try await lab.run(teacher: failing) }
      if try !lab.ids(.samples).isEmpty {
        #expect(try lab.head().memos["Partial"]?.hasSuffix("the run failed") == true)
        #expect(try lab.ids(.samples).isSubset(of: whole.lab.ids(.samples)))
      }
      let second = ScriptedTeacher.embedded(AttemptTests.rates, except: script)
      let report = try await lab.run(teacher: second)
      #expect(try lab.state() == whole.lab.state())
      let shortfall = try whole.lab.head().memos["Partial"]
      #expect(shortfall?.hasPrefix("1 of 12 missing: 4 slots") == true)
      #expect(report.shortfall == shortfall)
      #expect(try lab.head().memos["Partial"] == shortfall)
      #expect(limit + second.requests.count == whole.teacher.requests.count)
    }
  }
}
