import CanonicalJSON

/// The prompter's roles: scenario instructions for the requirements of a slot.
struct Scenarios {
  let seed: UInt64

  func write(_ inputs: EmbeddedInputs) throws(TeacherError) -> JSON {
    let count = try inputs.count("count")
    guard count > 0 else { throw inputs.failure("count", "is less than 1") }
    let rows = try inputs.rows("requirements", ["name", "path"])
    let topics = Scenarios.listed(rows.map { $0[0] })
    let wishes = StoryWishes(scenario: "", requirementPaths: rows.map { $0[1] })
    var chance = Chance(seed, "scenarios")
    var scenarios: [String] = []
    while scenarios.count < count {
      let scenario = Scenarios.scenario(wishes, topics, &chance)
      if !scenarios.contains(scenario) { scenarios.append(scenario) }
    }
    return ["scenarios": .array(scenarios.map { .string($0) })]
  }

  /// Adds what makes a problem harder; the requirements stay as they are.
  func complexify(_ inputs: EmbeddedInputs) throws(TeacherError) -> JSON {
    let scenario = try inputs.text("scenario")
    var chance = Chance(seed, "complexify")
    let more = chance.element(of: Scenarios.harderEndings)
    return ["scenario": .string("\(scenario) \(StoryWishes.harder) \(more)")]
  }

  private static let harderEndings = [
    "add two more steps and a detail that is not needed.",
    "let two more things happen, and mention a number that does not matter.",
    "the answer should need two further steps, with one fact that is of no use.",
    "insert two more changes and one remark that only distracts.",
    "two more things should change the amount, and one number should lead astray.",
  ]

  private static let moods = [
    "Keep the tone cheerful.", "Keep the sentences short.", "Let it be a rainy day.",
    "Let them be in a hurry.", "Let it happen over several days.", "Write for a young reader.",
    "Use plain everyday words.", "Let one thing go wrong.", "Mention the time of day.",
    "Let a visitor turn up.", "Say clearly what is asked.", "Use whole numbers only.",
    "Begin with a name.", "Avoid difficult words.", "Let it end well.", "Use the present tense.",
    "Let someone be tired.", "Let it happen in spring.", "Let it happen in winter.",
    "Let someone be curious.", "Let it be early.", "Let it be late.", "Let everyone be polite.",
    "Give no hint at the answer.",
  ]

  private static func scenario(
    _ wishes: StoryWishes, _ topics: String, _ chance: inout Chance
  ) -> String {
    let cast = StoryCast(wishes, &chance)
    let steps = "\(chance.within(2...4)) steps"
    let tone = chance.below(moods.count)
    let next = (tone + 1 + chance.below(moods.count - 1)) % moods.count
    let mood = "\(moods[tone]) \(moods[next])"
    let (first, second) = (cast.first, cast.second)
    let scene = cast.place
    let object =
      switch wishes.kind ?? Grammar.Kind.drawn(chance.below(5)) {
      case .objects: cast.object
      case .money: "pocket money"
      case .goal: "\(cast.activity.unit) to \(cast.activity.verb)"
      }
    switch chance.below(8) {
    case 0:
      return "Write a word problem about \(first), who is busy with \(object) \(scene) while "
        + "\(second) helps. It takes \(steps) and covers \(topics). \(mood)"
    case 1:
      return "Tell how \(first) and \(second) deal with \(object) \(scene). The answer takes "
        + "\(steps). What it must show: \(topics). \(mood)"
    case 2:
      return "Set the problem \(scene): \(first) has \(object), and \(second) joins in. Ask for "
        + "one number that is found in \(steps). It must reflect \(topics). \(mood)"
    case 3:
      return "\(first) keeps track of \(object) \(scene). Make it a problem of \(steps) in which "
        + "\(second) plays a part, and meet these points: \(topics). \(mood)"
    case 4:
      return "Invent a small story of \(steps) in which \(first) meets \(second) \(scene). It is "
        + "about \(object), and it should include \(topics). \(mood)"
    case 5:
      return "Imagine \(first) and the \(object) \(scene). Write the problem that \(second) "
        + "would have to solve in \(steps). Requirements: \(topics). \(mood)"
    case 6:
      return "For a lesson: a problem with \(first) and \(second) about \(object) \(scene), "
        + "solved in \(steps). It should teach \(topics). \(mood)"
    default:
      return "\(second) asks \(first) a question about \(object) \(scene). Build a problem of "
        + "\(steps) from it that is about \(topics). \(mood)"
    }
  }

  private static func listed(_ names: [String]) -> String {
    guard let last = names.last else { return "grade-school arithmetic" }
    guard names.count > 1 else { return last }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }
}
