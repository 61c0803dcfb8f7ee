import ArtifactStore
import CanonicalJSON
import Dataset
import Git
import Simula
import Synchronization
import Teachers
import TestSupport
import Testing

@Suite("Calibrating a dataset's critics")
struct CalibrationRunTests {
  @Test("Without gold accepted samples stand in, which is said; asked again nothing is asked")
  func circular() async throws {
    try await CalibrationLab.with { lab in
      let run = try await lab.run()
      let head = try lab.head().commit.id
      let report = try await CalibrationLab.calibration(lab).run()
      let double = try #require(report.double)
      #expect(double.rightSource == .circular)
      #expect(report.notices.contains { $0.hasPrefix("circular: ") })
      #expect(double.right.judged == 24 && double.right.unjudged == 0)
      #expect(Set(double.wrong.keys) == [.altered])
      #expect(double.generator == nil)
      #expect(report.counts.asked > 0)

      // The share is that of the run's own count.
      #expect(double.attempts.accepted == run.kept + (run.rejections[.duplicate] ?? 0))
      let refused = [Rejection.incorrect, .inconsistent].compactMap { run.rejections[$0] }
      let judged = double.attempts.accepted + refused.reduce(0, +)
      #expect(double.attempts.judged == judged && double.attempts.unjudged == 0)
      #expect(double.outcomes["yes no"] == double.attempts.accepted)
      #expect(double.outcomes["no yes"] ?? 0 == run.rejections[.incorrect] ?? 0)
      #expect(report.plain.judged + report.complexified.judged == judged)

      #expect(try lab.head().commit.id == head)
      let again = try await CalibrationLab.calibration(lab).run()
      #expect(again.counts.asked == 0)
      #expect(again.counts.cached == report.counts.asked + report.counts.cached)
      #expect(again.double?.estimate.after == double.estimate.after)
      #expect(again.double?.wrong == double.wrong)
      #expect(try await lab.run().isUpToDate)
    }
  }

  @Test("Critic and generator may be two models, and each is asked its own questions")
  func twoModels() async throws {
    let critic = "{provider: embedded, accepts-right: 1, accepts-wrong: 0, wrong-answers: 0}"
    try await CalibrationLab.with([(["teachers", "critic"], critic)]) { lab in
      let asked = Mutex<[CallRequest]>([])
      let run = CalibrationRun(lab.store, observer: NoticeList()) { settings in
        let teacher = EmbeddedTeacher(rates: settings.embedded)
        return ScriptedTeacher { request throws(TeacherError) in
          asked.withLock { $0.append(request) }
          return try teacher.answer(to: request).answer
        }
      }
      let known = try await CalibrationLab.gold(20)
      let report = try await run.run(count: 20) { _ in known }
      let models = Dictionary(grouping: asked.withLock { $0 }, by: \.task)
        .mapValues { Set($0.map(\.model)) }
      #expect(report.criticModel != report.generatorModel)
      #expect(report.criticModel.contains("accepts-right=1.0"))
      #expect(models["ask-correct"] == [report.criticModel])
      #expect(models["ask-incorrect"] == [report.criticModel])
      #expect(models["solve"] == [report.generatorModel])
      #expect(models["alter-answer"] == [report.generatorModel])
      // The rates are those of the other model.
      #expect(report.double?.right == AcceptanceCount(accepted: 20, judged: 20))
      #expect(report.double?.wrong.values.allSatisfy { $0.accepted == 0 } == true)
      #expect(report.double?.estimate.verdict == .helps)
    }
  }

  @Test("A critic without usable verdicts accepts nothing, and nothing is said of it")
  func unjudged() async throws {
    try await CalibrationLab.with { lab in
      let known = try await CalibrationLab.gold(8)
      let broken = ScriptedTeacher.embedded { request throws(TeacherError) in
        request.task == "ask-incorrect" ? .stop("I cannot say.") : nil
      }
      let report = try await CalibrationLab.calibration(lab, broken).run(count: 8) { _ in known }
      let double = try #require(report.double)
      #expect(double.right == AcceptanceCount(unjudged: 8))
      #expect(double.wrong.values.reduce(AcceptanceCount(), +) == AcceptanceCount(unjudged: 8))
      #expect(double.estimate.verdict == .notIdentifiable && double.estimate.right == nil)
    }
  }

  @Test("Attempts that no critic could judge are counted apart")
  func unjudgedAttempts() async throws {
    try await CalibrationLab.with([(["slots", "attempts"], "1")]) { lab in
      let count = Mutex(0)
      let teacher = ScriptedTeacher.embedded { request throws(TeacherError) in
        // The slots whose number ends with 3.
        let isHard = request.draw.contains("3 attempt")
        guard request.task == "ask-incorrect", isHard else { return nil }
        count.withLock { $0 += 1 }
        return .stop("?")
      }
      let run = try await lab.run(teacher: teacher)
      let unjudged = try #require(run.rejections[.unjudged])
      let report = try await CalibrationLab.calibration(lab, teacher).run()
      #expect(report.double?.attempts.unjudged == unjudged)
      #expect(report.double?.outcomes.values.reduce(0, +) == report.double?.attempts.judged)
    }
  }

  @Test("The requirement critic is asked as the run asked it, beside its own and another mix")
  func requirements() async throws {
    try await CalibrationLab.with { lab in
      let written = Mutex<[String: JSON]>([:])
      let teacher = ScriptedTeacher.embedded { request throws(TeacherError) in
        let inputs = request.inputs
        guard let scenario = inputs?["scenario"]?.string, let mix = inputs?["requirements"] else {
          return nil
        }
        if request.task == "generate" { written.withLock { $0[scenario] = mix } }
        guard request.task == "judge-requirements" else { return nil }
        // A perfect critic, who knows what each scenario was written for.
        let isMet = written.withLock { $0[scenario] } == mix
        return .stop(
          "{\"explanation\":\"\(isMet)\",\"verdict\":\"\(isMet ? "accept" : "reject")\"}")
      }
      try await lab.run(teacher: teacher)
      let before = teacher.requests.filter { $0.task == "judge-requirements" }
      let report = try await CalibrationLab.calibration(lab, teacher).run(count: 20)
      let rates = try #require(report.requirements)
      #expect(rates.own == AcceptanceCount(accepted: 20, judged: 20))
      #expect(rates.other == AcceptanceCount(accepted: 0, judged: 20))
      #expect(try #require(rates.difference).low > 0.5)

      let asked = Set(before.map(\.messages))
      let own = teacher.requests.filter { $0.draw == "calibrate own mix" }
      #expect(own.count == 20)
      // The very same messages, in the order of the schema.
      #expect(own.allSatisfy { asked.contains($0.messages) })
      let other = teacher.requests.filter { $0.draw == "calibrate other mix" }
      #expect(other.allSatisfy { !asked.contains($0.messages) })
    }
  }

  @Test("What is stopped midway keeps its answers, and the next calibration asks only the rest")
  func stopped() async throws {
    try await CalibrationLab.with { lab in
      let known = try await CalibrationLab.gold(12)
      let whole = try await CalibrationLab.calibration(lab).run(count: 12) { _ in known }
      try await CalibrationLab.with { other in
        let asked = Mutex(0)
        let failing = ScriptedTeacher.embedded { _ throws(TeacherError) in
          let number = asked.withLock { asked in
            asked += 1
            return asked
          }
          guard number > 20 else { return nil }
          throw TeacherError(.unreachable, "the server is gone")
        }
        await #expect(throws: TeacherError.self) {
          _ = try await CalibrationLab.calibration(other, failing).run(count: 12) { _ in known }
        }
        let rest = try await CalibrationLab.calibration(other).run(count: 12) { _ in known }
        #expect(rest.counts.cached >= 20)
        #expect(rest.counts.asked == whole.counts.asked - 20)
        #expect(rest.double?.right == whole.double?.right)
        #expect(rest.double?.wrong == whole.double?.wrong)
      }
    }
  }

  @Test("A dataset that there is nothing to measure in or with says what is missing")
  func nothing() async throws {
    try await CalibrationLab.with { lab in
      let error = try await #require(throws: SimulaError.self) {
        try await CalibrationLab.calibration(lab).run()
      }
      #expect(error.code == .calibration)
      #expect(error.hint?.contains("--gold") == true)
      try lab.set(["critics", "double"], to: "off")
      let known = try await CalibrationLab.gold(3)
      let off = try await #require(throws: SimulaError.self) {
        try await CalibrationLab.calibration(lab).run { _ in known }
      }
      #expect(off.message.contains("no double critic"))
      try lab.set(["critics", "requirements"], to: "false")
      let none = try await #require(throws: SimulaError.self) {
        try await CalibrationLab.calibration(lab).run()
      }
      #expect(none.message.contains("no critics"))
    }
  }

  @Test("Samples of other settings are told apart")
  func stale() async throws {
    try await CalibrationLab.with { lab in
      try await lab.run()
      try lab.set(["critics", "double"], to: "solve")
      let report = try await CalibrationLab.calibration(lab).run(count: 10)
      #expect(report.double?.form == .solve)
      #expect(report.double?.attempts.judged == 0)
      #expect(report.double?.estimate.after == nil)
      #expect(report.notices.contains { $0.contains("made with other settings") })
    }
  }

  @Test(
    "Less complexity is suggested only where it clearly fails more often",
    arguments: [
      (90, 100, 45, 100, 0.25), (90, 100, 0, 100, 0), (90, 100, 85, 100, nil),
      (45, 100, 90, 100, nil), (9, 10, 7, 10, nil), (0, 10, 0, 10, nil),
    ])
  func complexity(
    _ plain: Int, _ plainOf: Int, _ complexified: Int, _ complexifiedOf: Int, _ wanted: Double?
  ) {
    let advice = ComplexityAdvice(
      plain: AcceptanceCount(accepted: plain, judged: plainOf),
      complexified: AcceptanceCount(accepted: complexified, judged: complexifiedOf), fraction: 0.5)
    #expect(advice?.fraction == wanted)
    #expect(
      ComplexityAdvice(
        plain: AcceptanceCount(), complexified: AcceptanceCount(accepted: 1, judged: 2),
        fraction: 0.5) == nil)
  }
}
