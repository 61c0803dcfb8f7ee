import ArtifactStore
import CanonicalJSON
import Dataset
import Pipeline
import Simula
import Teachers
import Testing

@Suite("What critics leave behind")
struct CriticTrailTests {
  private func slot(
    _ bench: Bench, _ teacher: any Teacher
  ) async throws -> SlotOutcome<SlotTrail> {
    let work = try SlotWork(
      try bench.asker(teacher), sources: AttemptTests.sources, until: .samples)
    return try await work.run(slot: 0, from: 0)
  }

  private func rejections(_ trail: SlotTrail) throws -> [JSON] {
    try trail.records.filter { $0.kind == .rejections }.map { record in try record.value() }
  }

  @Test(
    "All four outcomes of solving twice are kept, and only two same answers accept",
    arguments: [
      (true, true, nil), (false, false, "incorrect"), (true, false, "inconsistent"),
      (false, true, "inconsistent"),
    ])
  func solvedOutcomes(_ alone: Bool, _ checking: Bool, _ reason: String?) async throws {
    let knobs: Lab.Knobs = [(["slots", "attempts"], "1"), (["critics", "double"], "solve")]
    try await Bench.with(AttemptTests.steady + knobs) { bench in
      let teacher = ScriptedTeacher.embedded(AttemptTests.rates) { request throws(TeacherError) in
        let isSame = ["solve": alone, "solve-check": checking][request.task]
        let right = EmbeddedTeacher.solve(
          question: request.inputs?["question"]?.string ?? "")
        guard let isSame, let right else { return nil }
        return .stop("{\"reasoning\":\"r\",\"answer\":\(isSame ? right : right + 1)}")
      }
      let outcome = try await slot(bench, teacher)
      #expect((outcome.acceptedAttempt == nil) == (reason != nil))
      let rejections = try rejections(outcome.value)
      #expect(rejections.map { $0["reason"]?.string } == (reason == nil ? [] : [reason]))
      let verdicts = try outcome.value.records.filter { $0.kind == .verdicts }
        .map { record in try record.value() }.filter { $0["role"] != "judge-requirements" }
      #expect(verdicts.map { $0["role"]?.string } == ["solve", "solve-check"])
      #expect(
        verdicts.map { $0["outcome"]?.string }
          == [alone, checking].map {
            $0 ? "same" : "different"
          })
      let value =
        reason == nil ? try outcome.value.sample?.value()["value"] : rejections[0]["value"]
      let right = try #require(value?["answer"]?.int)
      #expect(
        verdicts.map { $0["answer"]?.int } == [alone, checking].map { $0 ? right : right + 1 })
    }
  }

  @Test("A call of the double critic that fails keeps what the other one said, and never accepts")
  func halfJudged() async throws {
    for (failing, before) in [("ask-correct", 0), ("ask-incorrect", 1)] {
      try await Bench.with(AttemptTests.steady + [(["slots", "attempts"], "1")]) { bench in
        let teacher = ScriptedTeacher.embedded(AttemptTests.rates) { request throws(TeacherError) in
          request.task == failing ? .stop("It is.") : nil
        }
        let outcome = try await slot(bench, teacher)
        #expect(outcome.acceptedAttempt == nil && outcome.value.sample == nil)
        let rejections = try rejections(outcome.value)
        #expect(rejections.map { $0["reason"]?.string } == ["unjudged"])
        #expect(rejections[0]["detail"]?.string?.hasPrefix("\(failing): ") == true)
        #expect(rejections[0]["value"] != nil)
        let verdicts = outcome.value.records.filter { $0.kind == .verdicts }
        #expect(verdicts.count == 1 + before)
      }
    }
  }

  @Test("The trail of a refined sample holds every draft, every objection and every verdict")
  func completeTrail() async throws {
    try await Bench.with(AttemptTests.steady + [(["slots", "attempts"], "1")]) { bench in
      let teacher = ScriptedTeacher.embedded(AttemptTests.rates) { request throws(TeacherError) in
        guard request.task == "judge-requirements" else { return nil }
        let round = request.draw.split(separator: " ").last ?? ""
        return .stop(
          "{\"explanation\":\"said in round \(round)\","
            + "\"verdict\":\"\(round == "2" ? "accept" : "reject")\"}")
      }
      let outcome = try await slot(bench, teacher)
      let sample = try #require(outcome.value.sample)
      let records = try outcome.value.records.map { record in
        (kind: record.kind, id: record.id, value: try record.value())
      }
      // What the generator wrote, in the order it wrote.
      let drafts = teacher.requests.filter { $0.task == "generate" || $0.task == "refine" }
      #expect(drafts.count == 3)
      let rejections = records.filter { $0.kind == .rejections }.map(\.value)
      #expect(rejections.map { $0["detail"]?.string } == ["said in round 0", "said in round 1"])
      let written = rejections.compactMap { $0["value"]?.canonicalText }
      #expect(
        drafts.dropFirst().compactMap { $0.inputs?["draft"]?.string }
          .compactMap { try? JSON(parsing: $0).canonicalText } == written)
      #expect(
        drafts.dropFirst().map { $0.inputs?["explanation"]?.string }
          == rejections.map { $0["detail"]?.string })
      let verdicts = records.filter { $0.value["role"] == "judge-requirements" }.map(\.value)
      #expect(verdicts.map { $0["round"]?.int } == [0, 1, 2])
      #expect(
        verdicts.map { $0["explanation"]?.string } == (0...2).map { "said in round \($0)" })
      #expect(
        verdicts.map { $0["sample"]?.string }
          == rejections.map { $0["sample"]?.string } + [sample.id.hex])
      // Each names the call that it came from, and no two the same.
      let calls = (rejections + verdicts).compactMap { $0["call"]?.string }
      #expect(Set(calls).count == 5)
      for call in calls { #expect(RecordID(hex: call) != nil) }
    }
  }

  @Test(
    "A trail that ends in an unusable answer keeps the drafts before it",
    arguments: [("refine", "unreadable"), ("judge-requirements", "unjudged")])
  func endedTrail(_ task: String, _ reason: String) async throws {
    try await Bench.with(AttemptTests.steady + [(["slots", "attempts"], "1")]) { bench in
      let teacher = ScriptedTeacher.embedded(AttemptTests.rates) { request throws(TeacherError) in
        if request.task == task, request.draw.hasSuffix("round 1") { return .stop("Well...") }
        return request.task == "judge-requirements"
          ? .stop("{\"explanation\":\"too short\",\"verdict\":\"reject\"}") : nil
      }
      let outcome = try await slot(bench, teacher)
      #expect(outcome.acceptedAttempt == nil && outcome.value.sample == nil)
      let rejections = try rejections(outcome.value)
      #expect(rejections.map { $0["reason"]?.string } == ["refined", reason])
      #expect(rejections[0]["value"] != nil && rejections[0]["detail"] == "too short")
      // An unreadable answer is no draft, while a draft that nobody could judge is kept.
      #expect((rejections[1]["value"] != nil) == (reason == "unjudged"))
      #expect(teacher.count("ask-correct") == 0)
    }
  }
}
