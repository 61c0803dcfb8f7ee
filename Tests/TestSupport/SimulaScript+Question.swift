import CanonicalJSON

/// One request as a model that knows the method understands it.
package struct SimulaQuestion {
  let task: SimulaScript.Task
  /// The request's seed, by which equal questions differ.
  let seed: Int
  private let prompt: String
  private let properties: JSONObject

  /// Reads the body of a request; nil when it asks for nothing that the method asks for.
  init?(_ body: JSON?) {
    guard let body, let messages = body["messages"]?.array,
      let properties =
        body["response_format"]?["json_schema"]?["schema"]?["properties"]?.object,
      let prompt = messages.first(where: { $0["role"]?.string == "user" })?["content"]?.string,
      let task = Self.task(names: properties.names, prompt: prompt)
    else { return nil }
    self.task = task
    self.prompt = prompt
    self.properties = properties
    seed = body["seed"]?.int ?? 0
  }

  private static func task(names: [String], prompt: String) -> SimulaScript.Task? {
    switch names {
    case ["factors"]: .factors
    case ["children"]: .children
    case ["plan"]: .plan
    case ["strategies"]: .strategies
    case ["scenarios"]: .scenarios
    case ["scenario"]: .complexify
    case ["explanation", "verdict"]: .judge
    case ["reasoning", "verdict"]:
      prompt.contains("answer incorrect?") ? .isIncorrect : .isCorrect
    case ["reasoning", "answer"]: .solve
    default:
      names.last == "missing"
        ? .childReview
        : names.first == "c1" ? .factorReview : names.last == "answer" ? .sample : nil
    }
  }

  /// A 64-bit FNV-1a hash, mixed so that its low bits are as good as its high ones.
  package static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0100_0000_01B3 }
    hash = (hash ^ (hash >> 33)) &* 0xFF51_AFD7_ED55_8CCD
    return hash ^ (hash >> 29)
  }

  /// Answers in the form that is asked for.
  func answer(hash: UInt64, wrongShare: Double, rejectedShare: Double) -> JSON {
    let chance = Double(hash >> 11) / Double(1 << 53)
    switch task {
    case .factors: return ["factors": ["Operation", "Setting", "Person", "Length"]]
    case .factorReview, .childReview: return review()
    case .children: return ["children": .array(children(hash).map { .string($0) })]
    case .plan: return ["plan": "Divide each node by what is counted in it."]
    case .strategies: return strategies()
    case .scenarios: return ["scenarios": .array(scenarios(hash).map { .string($0) })]
    case .complexify: return ["scenario": .string("A longer errand, numbered \(Self.name(hash)).")]
    case .sample: return sample(hash, isWrong: chance < wrongShare)
    case .judge:
      return chance < rejectedShare
        ? ["explanation": "It lacks a person.", "verdict": "reject"]
        : ["explanation": "It meets all of them.", "verdict": "accept"]
    case .isCorrect: return verdict(isYes: isRight)
    case .isIncorrect: return verdict(isYes: !isRight)
    case .solve:
      return [
        "reasoning": "I add both.", "answer": sum(in: prompt).map { rightAnswer($0) } ?? .null,
      ]
    }
  }

  private static func name(_ hash: UInt64) -> String {
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private func review() -> JSON {
    var members: [(String, JSON)] = []
    for name in properties.names where name != "missing" {
      var decision: [(String, JSON)] = [("reason", "It belongs here."), ("action", "keep")]
      if task == .childReview { decision.append(("target", "")) }
      members.append((name, .object(JSONObject(decision))))
    }
    if task == .childReview { members.append(("missing", [])) }
    return .object(JSONObject(members))
  }

  /// Three of four kinds, which proposals for the same node share.
  private func children(_ hash: UInt64) -> [String] {
    let node = Self.hash(prompt.utf8)
    var names = (0..<4).map { "Kind \(Self.name(Self.hash("\(node) \($0)".utf8)).prefix(6))" }
    names.remove(at: Int(hash % 4))
    return names
  }

  private func strategies() -> JSON {
    let path = properties["strategies"]?["items"]?["properties"]?["combine"]?["items"]?["enum"]
    let paths = path?.array?.compactMap(\.string) ?? []
    let roots = paths.filter { !$0.contains(" > ") }
    let child = paths.first { $0.contains(" > ") }
    let narrow = ([child].compactMap(\.self) + roots.dropFirst()).map { JSON.string($0) }
    return [
      "strategies": [
        [
          "name": "Everything", "weight": 3, "combine": .array(roots.map { .string($0) }),
          "never": [],
        ],
        ["name": "A narrow one", "weight": 1, "combine": .array(narrow), "never": []],
      ]
    ]
  }

  private func scenarios(_ hash: UInt64) -> [String] {
    let count = properties["scenarios"]?["maxItems"]?.int ?? 1
    return (0..<count).map { "An errand, numbered \(Self.name(hash)) \($0)." }
  }

  /// A sample in the form that is asked for, whose first long text asks for a sum.
  private func sample(_ hash: UInt64, isWrong: Bool) -> JSON {
    let first = Int(hash % 90) + 10
    let second = Int(hash >> 32 % 90) + 10
    var question = "What is \(first) + \(second)? (case \(Self.name(hash)))"
    var members: [(String, JSON)] = []
    for property in properties.members {
      let (name, form) = (property.name, property.value)
      switch name {
      case "reasoning":
        members.append((name, "I add both numbers, for the question asks for that."))
      case "answer": members.append((name, rightAnswer(first + second + (isWrong ? 1 : 0))))
      case "question", "description":
        let length = form["minLength"]?.int ?? 0
        while question.count < length { question += " (case \(Self.name(hash)))" }
        members.append((name, .string(question)))
      default:
        let choices = form["enum"]?.array ?? [.string("\(name) \(Self.name(hash))")]
        members.append((name, choices[first % choices.count]))
      }
    }
    return .object(JSONObject(members))
  }

  /// What a sum is in the form that is asked for: a number, one of several choices, or an id.
  private func rightAnswer(_ sum: Int) -> JSON {
    guard let form = properties["answer"] else { return JSON(sum) }
    if let choices = form["enum"]?.array, !choices.isEmpty { return choices[sum % choices.count] }
    return form["pattern"] == nil ? JSON(sum) : .string("CWE-\(sum)")
  }

  private func sum(in text: String) -> Int? {
    guard let match = text.firstMatch(of: /What is (\d+) \+ (\d+)\?/), let first = Int(match.1),
      let second = Int(match.2)
    else { return nil }
    return first + second
  }

  private var isRight: Bool {
    guard let match = prompt.firstMatch(of: /Given answer: (-?\d+)/) else { return false }
    return Int(match.1) == sum(in: prompt)
  }

  private func verdict(isYes: Bool) -> JSON {
    ["reasoning": "I added both again.", "verdict": isYes ? "yes" : "no"]
  }
}
