import CanonicalJSON

/// The critic of proposals: it finds what was planted, at its rate, and what is missing.
struct Reviewing {
  /// How likely it names a true node that no proposal had.
  static let missingRate = 0.5

  /// How often it removes a name that has no place in the domain.
  let removesPlanted: Double

  func factors(_ inputs: EmbeddedInputs) throws(TeacherError) -> JSON {
    _ = try inputs.count("minimum")
    let review = try Review(inputs, truth: EmbeddedTree.shared.factors, removesPlanted, "")
    var answer = JSONObject()
    for (key, judgement) in review.judgements {
      let isKept = judgement.action == .keep || judgement.action == .rename
      answer[key] = [
        "reason": .string(judgement.reason), "action": isKept ? "keep" : "remove",
      ]
    }
    return .object(answer)
  }

  func children(_ inputs: EmbeddedInputs) throws(TeacherError) -> JSON {
    let path = try NodePath(inputs).names
    let truth = EmbeddedTree.shared.children(of: path)
    let place = path.joined(separator: " > ")
    let review = try Review(inputs, truth: truth, removesPlanted, place)
    var answer = JSONObject()
    for (key, judgement) in review.judgements {
      answer[key] = [
        "reason": .string(judgement.reason), "action": .string(judgement.action.rawValue),
        "target": .string(judgement.target),
      ]
    }
    var chance = Chance(seed(place, ""), "missing")
    let missing = review.absent.filter { _ in chance.happens(Reviewing.missingRate) }
    answer["missing"] = .array(missing.map { .string($0) })
    return .object(answer)
  }
}

/// The judgements on all candidates of one call.
private struct Review {
  enum Action: String { case keep, remove, merge, rename }

  struct Judgement {
    let action: Action
    let reason: String
    var target = ""
  }

  private(set) var judgements: [(key: String, judgement: Judgement)] = []
  /// True names that no candidate has.
  private(set) var absent: [String] = []

  init(
    _ inputs: EmbeddedInputs, truth: [String], _ removesPlanted: Double, _ place: String
  ) throws(TeacherError) {
    let candidates = try inputs.rows("candidates", ["key", "name"])
    let keys = Set(candidates.map { $0[0] })
    guard keys.count == candidates.count, !keys.contains("missing") else {
      throw inputs.failure("candidates", "has a key twice or the key 'missing'")
    }
    let trueNames = Dictionary(
      truth.map { (EmbeddedTree.nameKey($0), $0) }, uniquingKeysWith: { first, _ in first })
    let groups = Dictionary(grouping: candidates) { EmbeddedTree.nameKey($0[1]) }
    for candidate in candidates {
      let nameKey = EmbeddedTree.nameKey(candidate[1])
      // Names without a place here are judged one by one, never merged.
      let isStranger = EmbeddedTree.shared.strangerKeys.contains(nameKey)
      let twins = isStranger ? [candidate] : groups[nameKey] ?? []
      let main = twins.first { $0[1] == trueNames[nameKey] } ?? twins.first ?? candidate
      let judgement =
        main[0] == candidate[0]
        ? Review.judge(candidate[1], trueNames[nameKey], seed(place, nameKey), removesPlanted)
        : Judgement(
          action: .merge, reason: "It is the same as '\(main[1])' in another spelling.",
          target: main[0])
      judgements.append((candidate[0], judgement))
    }
    absent = truth.filter { groups[EmbeddedTree.nameKey($0)] == nil }
  }

  /// Judges a name on its own.
  private static func judge(
    _ name: String, _ trueName: String?, _ seed: UInt64, _ removesPlanted: Double
  ) -> Judgement {
    if let trueName {
      guard trueName != name else {
        return Judgement(action: .keep, reason: "It fits the problems and is specific enough.")
      }
      return Judgement(
        action: .rename, reason: "The name is clearer in its usual spelling.", target: trueName)
    }
    guard EmbeddedTree.shared.strangerKeys.contains(EmbeddedTree.nameKey(name)) else {
      return Judgement(action: .keep, reason: "It can be told as an arithmetic problem.")
    }
    var chance = Chance(seed, "stranger")
    guard chance.happens(removesPlanted) else {
      return Judgement(action: .keep, reason: "It could make an unusual problem.")
    }
    return Judgement(action: .remove, reason: "It has nothing to do with arithmetic problems.")
  }
}

/// Seeds a judgement by the place in the tree and the name.
private func seed(_ place: String, _ name: String) -> UInt64 {
  var fields = SeedFields("embedded review")
  fields.add(place)
  fields.add(name)
  return fields.seed()
}
