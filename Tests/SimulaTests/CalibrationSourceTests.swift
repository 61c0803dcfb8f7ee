import ArtifactStore
import CanonicalJSON
import Dataset
import Git
import Simula
import Synchronization
import Teachers
import TestSupport
import Testing

@Suite("Where the wrong answers of a calibration come from")
struct CalibrationSourceTests {
  @Test("The generator's own wrong answers to gold questions are enough when there are 30")
  func ownWrongAnswers() async throws {
    try await CalibrationLab.with([(["teachers", "default", "accepts-right"], "0.5")]) { lab in
      let known = try await CalibrationLab.gold(200)
      let report = try await CalibrationLab.calibration(lab).run(count: 60) { _ in known }
      let double = try #require(report.double)
      #expect(double.rightSource == .gold && double.right.judged == 60)
      #expect(Set(double.wrong.keys) == [.generator])
      #expect((30...60).contains(try #require(double.wrong[.generator]).judged))
      let generator = try #require(double.generator)
      #expect(generator.judged > 60 && generator.judged <= 200)
      // A new dataset has no attempts yet.
      #expect(double.attempts.judged == 0 && double.estimate.after == nil)
      #expect(report.requirements == nil && report.complexity == nil)
    }
  }

  @Test("Too few of them are filled up by a model's, and without its template by code")
  func madeUpAnswers() async throws {
    let knobs: Lab.Knobs = [
      (["teachers", "default", "accepts-right"], "1"),
      (["teachers", "default", "wrong-answers"], "0"),
    ]
    try await CalibrationLab.with(knobs) { lab in
      let known = try await CalibrationLab.gold(40)
      let report = try await CalibrationLab.calibration(lab).run(count: 40) { _ in known }
      #expect(report.double?.wrong.mapValues(\.judged) == [.altered: 40])
      #expect(report.double?.generator == AcceptanceCount(accepted: 40, judged: 40))
      try lab.remove("prompts/alter-answer.mustache")
      let plain = try await CalibrationLab.calibration(lab).run(count: 40) { _ in known }
      #expect(plain.double?.wrong.mapValues(\.judged) == [.changed: 40])
      #expect(plain.notices.contains { $0.contains("prompts/alter-answer.mustache") })
      // Right answers are judged as before.
      #expect(plain.double?.right == report.double?.right)
    }
  }

  @Test("A model that gives the right answer again is not taken for one that is wrong")
  func stubbornModel() async throws {
    try await CalibrationLab.with { lab in
      let known = try await CalibrationLab.gold(10)
      let stubborn = ScriptedTeacher.embedded { request throws(TeacherError) in
        guard request.task == "alter-answer" else { return nil }
        return .stop("{\"reasoning\":\"r\",\"answer\":\(request.inputs?["answer"]?.string ?? "")}")
      }
      let report = try await CalibrationLab.calibration(lab, stubborn).run(count: 10) { _ in known }
      let wrong = try #require(report.double?.wrong)
      #expect(wrong[.altered] == nil && (wrong[.changed]?.judged ?? 0) > 0)
      #expect(stubborn.count("alter-answer") == 3 * (wrong[.changed]?.judged ?? 0))
    }
  }
}
