import ArtifactStore
import CanonicalJSON
import Dataset
import Pipeline
import Simula
import Teachers
import Testing

@Suite("Attempts of a slot whose models answer badly")
struct AttemptTests {
  static let sources = Grove.sources(
    "Operation\n  Addition\n  Subtraction", "Setting\n  Bakery\n  Museum\n  Ferry")

  static let steady: Lab.Knobs = [
    (["teachers", "default", "wrong-answers"], "0"),
    (["teachers", "default", "accepts-right"], "1"),
    (["teachers", "default", "rejects-drafts"], "0"), (["complexity", "fraction"], "0"),
  ]

  static let rates: EmbeddedRates = {
    var rates = EmbeddedRates()
    rates.wrongAnswers = 0
    rates.acceptsRight = 1
    rates.rejectsDrafts = 0
    return rates
  }()

  private func slot(
    _ bench: Bench, _ teacher: any Teacher, number: Int = 0
  ) async throws -> SlotOutcome<SlotTrail> {
    let work = try SlotWork(try bench.asker(teacher), sources: Self.sources, until: .samples)
    return try await work.run(slot: .numbered(number), from: 0)
  }

  private func rejections(_ trail: SlotTrail) throws -> [JSON] {
    try trail.records.filter { $0.kind == .rejections }.map { record in try record.value() }
  }

  @Test("With a good teacher the first attempt is accepted")
  func good() async throws {
    try await Bench.with(Self.steady) { bench in
      let outcome = try await slot(bench, EmbeddedTeacher(rates: Self.rates))
      #expect(outcome.acceptedAttempt == 0)
      #expect(
        outcome.value.records.map(\.kind)
          == [.mixes, .metaPrompts, .verdicts, .verdicts, .verdicts, .samples])
      #expect(outcome.value.sample?.kind == .samples)
    }
  }

  @Test(
    "A task whose answers cannot be used rejects every attempt and never accepts",
    arguments: [
      ("meta-prompts", "unreadable"), ("complexify", "unreadable"), ("generate", "unreadable"),
      ("judge-requirements", "unjudged"), ("ask-correct", "unjudged"),
      ("ask-incorrect", "unjudged"), ("solve", "unjudged"), ("solve-check", "unjudged"),
    ],
    [0, 9])
  func failing(_ task: (name: String, reason: String), fault: Int) async throws {
    let double = task.name.hasPrefix("solve") ? "solve" : "ask"
    let fraction = task.name == "complexify" ? "1" : "0"
    let knobs: Lab.Knobs = [
      (["critics", "double"], double), (["complexity", "fraction"], fraction),
      (["slots", "attempts"], "2"),
    ]
    let answer = AskerTests.faults[fault].answer
    try await Bench.with(Self.steady + knobs) { bench in
      let teacher = ScriptedTeacher.embedded(Self.rates) { request throws(TeacherError) in
        request.task == task.name ? answer : nil
      }
      let outcome = try await slot(bench, teacher)
      #expect(outcome.acceptedAttempt == nil)
      #expect(outcome.value.sample == nil)
      #expect(outcome.value.records.allSatisfy { $0.kind != .samples })
      let rejections = try rejections(outcome.value)
      #expect(rejections.map { $0["attempt"]?.int } == [0, 1])
      #expect(rejections.allSatisfy { $0["reason"]?.string == task.reason })
      #expect(teacher.count(task.name) == 6)
      for rejection in rejections {
        let call = rejection["call"]?.string.flatMap(RecordID.init(hex:))
        #expect(call != nil)
        #expect(rejection["detail"]?.string?.isEmpty == false)
      }
    }
  }

  @Test(
    "A verdict that is neither of the two words is none",
    arguments: ["judge-requirements", "ask-correct", "ask-incorrect"], ["Yes", "", "ACCEPT"])
  func verdicts(_ task: String, word: String) async throws {
    try await Bench.with(Self.steady + [(["slots", "attempts"], "1")]) { bench in
      let teacher = ScriptedTeacher.embedded(Self.rates) { request throws(TeacherError) in
        guard request.task == task else { return nil }
        let answer: JSON = [
          "reasoning": "r", "explanation": "e", "verdict": .string(word),
        ]
        return .stop(answer.text)
      }
      let outcome = try await slot(bench, teacher)
      #expect(outcome.acceptedAttempt == nil)
      #expect(try rejections(outcome.value).map { $0["reason"]?.string } == ["unjudged"])
    }
  }

  @Test(
    "All four outcomes of the double critic are kept, and only (yes, no) accepts",
    arguments: [
      ("yes", "no", nil), ("no", "yes", "incorrect"), ("yes", "yes", "inconsistent"),
      ("no", "no", "inconsistent"),
    ])
  func outcomes(_ correct: String, _ incorrect: String, _ reason: String?) async throws {
    try await Bench.with(Self.steady + [(["slots", "attempts"], "1")]) { bench in
      let teacher = ScriptedTeacher.embedded(Self.rates) { request throws(TeacherError) in
        let word = ["ask-correct": correct, "ask-incorrect": incorrect][request.task]
        return word.map { .stop("{\"reasoning\":\"r\",\"verdict\":\"\($0)\"}") }
      }
      let outcome = try await slot(bench, teacher)
      #expect((outcome.acceptedAttempt == nil) == (reason != nil))
      let rejections = try rejections(outcome.value)
      #expect(rejections.map { $0["reason"]?.string } == (reason == nil ? [] : [reason]))
      let verdicts = try outcome.value.records.filter { $0.kind == .verdicts }
        .map { record in try record.value() }
      #expect(
        verdicts.map { $0["role"]?.string } == [
          "judge-requirements", "ask-correct", "ask-incorrect",
        ])
      #expect(verdicts.map { $0["outcome"]?.string } == ["accept", correct, incorrect])
    }
  }

  @Test("A rejected draft is written again with the objection, and only the last one counts")
  func refining() async throws {
    try await Bench.with(Self.steady + [(["slots", "attempts"], "1")]) { bench in
      let teacher = ScriptedTeacher.embedded(Self.rates) { request throws(TeacherError) in
        guard request.task == "judge-requirements", !request.draw.hasSuffix("round 2") else {
          return nil
        }
        return .stop("{\"explanation\":\"too short \(request.draw)\",\"verdict\":\"reject\"}")
      }
      let outcome = try await slot(bench, teacher)
      #expect(outcome.acceptedAttempt == 0)
      #expect(try rejections(outcome.value).map { $0["reason"]?.string } == ["refined", "refined"])
      let refines = teacher.requests.filter { $0.task == "refine" }
      #expect(refines.count == 2)
      #expect(refines[1].inputs?["explanation"]?.string == "too short slot 0 attempt 0 round 1")
      #expect(refines[1].inputs?["draft"] != refines[0].inputs?["draft"])
      let sample = try outcome.value.sample?.value()
      let verdicts = try outcome.value.records.filter { $0.kind == .verdicts }
        .map { record in try record.value() }
      let last = outcome.value.sample?.id.hex
      #expect(verdicts.map { $0["sample"]?.string == last } == [false, false, true, true, true])
      #expect(sample?["value"] != nil)
    }
  }

  @Test("Drafts that are rejected in all rounds leave their objections and no sample")
  func neverGoodEnough() async throws {
    try await Bench.with(Self.steady + [(["slots", "attempts"], "2")]) { bench in
      let teacher = ScriptedTeacher.embedded(Self.rates) { request throws(TeacherError) in
        request.task == "judge-requirements"
          ? .stop("{\"explanation\":\"\",\"verdict\":\"reject\"}") : nil
      }
      let outcome = try await slot(bench, teacher)
      #expect(outcome.acceptedAttempt == nil)
      let reasons = ["refined", "refined", "requirements"]
      #expect(try rejections(outcome.value).map { $0["reason"]?.string } == reasons + reasons)
      #expect(teacher.count("ask-correct") == 0)
    }
  }

  @Test("Critics never see what is hidden from them")
  func hidden() async throws {
    for double in ["ask", "solve"] {
      try await Bench.with(Self.steady + [(["critics", "double"], double)]) { bench in
        let secret = "a rationale that nobody must see"
        let question = "Ann has 3 apples and buys 4 more apples. How many apples has she now?"
        let teacher = ScriptedTeacher.embedded(Self.rates) { request throws(TeacherError) in
          guard request.task == "generate" else {
            return request.task == "solve" || request.task == "solve-check"
              ? .stop("{\"reasoning\":\"r\",\"answer\":7}")
              : request.task.hasPrefix("ask")
                ? .stop("{\"reasoning\":\"r\",\"verdict\":\"yes\"}") : nil
          }
          let sample: JSON = [
            "question": .string(question), "reasoning": .string(secret), "answer": 7,
          ]
          return .stop(sample.text)
        }
        _ = try await slot(bench, teacher)
        let critics = teacher.requests.filter {
          ["judge-requirements", "ask-correct", "ask-incorrect", "solve", "solve-check"]
            .contains($0.task)
        }
        #expect(critics.count >= 3)
        for request in critics {
          #expect(request.messages.allSatisfy { !$0.text.contains(secret) }, "\(request.task)")
          #expect(request.messages.contains { $0.text.contains(question) }, "\(request.task)")
        }
        for request in critics where request.task == "solve" {
          #expect(request.inputs?["answer"] == nil)
        }
      }
    }
  }
}
