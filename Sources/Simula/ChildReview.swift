import ArtifactStore
import CanonicalJSON
import Dataset

/// The critic's decisions on the candidates of one node.
struct ChildReview: Sendable {
  struct Decision: Sendable {
    let action: String
    let reason: String
    let target: String
  }
  struct Edit: Sendable {
    let action: String
    let candidate: String
    let target: String
    let reason: String
    let isVoid: Bool
  }

  /// One a candidate, in their order.
  var decisions: [Decision]
  var missing: [String]
  var call: RecordID?
  /// The critic's answer as it came.
  var text = ""

  /// What a review makes of the candidates.
  struct Result: Sendable {
    var children: [Names.Candidate] = []
    var edits: [Edit] = []
    /// The candidates that neither stay nor were merged into one that stays, by their first names.
    var lost: [String] = []

    /// Why the edits leave too little, or nil: 2 children, and half of what two proposals named.
    func fault(for candidates: [Names.Candidate]) -> String? {
      let supported = candidates.filter { $0.votes >= 2 }.map(\.name)
      let removed = supported.filter(lost.contains)
      if removed.count * 2 > supported.count {
        return "it removes \(removed.count) of the \(supported.count) names that two or more "
          + "proposals have: \(removed.map { "\"\($0)\"" }.joined(separator: ", "))"
      }
      return children.count < 2 ? "it leaves \(children.count) children, and 2 are needed" : nil
    }
  }

  static func read(_ json: JSON, keys: [String]) throws(UnusableAnswer) -> ChildReview {
    var decisions: [Decision] = []
    for key in keys {
      guard let decision = json[key] else {
        throw UnusableAnswer(.wrongShape, "it has no decision on '\(key)'")
      }
      decisions.append(
        Decision(
          action: try decision.text("action"), reason: try decision.text("reason"),
          target: decision["target"]?.string ?? ""))
    }
    return ChildReview(decisions: decisions, missing: try json.texts("missing"), call: nil)
  }

  /// The children after all valid edits, and the edits; one that names nothing known is void.
  func apply(
    to candidates: [Names.Candidate], taken: Set<String>
  ) -> Result {
    var children: [Names.Candidate?] = candidates
    var edits: [Edit] = []
    // Where each candidate went; one that goes nowhere is its own place.
    var places = Array(candidates.indices)
    for (index, decision) in decisions.enumerated() where decision.action != "keep" {
      var target = decision.target
      var isVoid = false
      switch decision.action {
      case "remove": children[index] = nil
      case "merge":
        let place = candidates.indices.first { Names.key($0) == decision.target }
        if let place, place != index, children[place] != nil, let merged = children[index] {
          children[place]?.votes += merged.votes
          children[index] = nil
          places[index] = place
          target = candidates[place].name
        } else {
          isVoid = true
        }
      case "rename":
        if let name = Names.cleaned(decision.target), isFree(name, children, index, taken) {
          children[index]?.name = name
        } else {
          isVoid = true
        }
      default: isVoid = true
      }
      edits.append(
        Edit(
          action: decision.action, candidate: candidates[index].name, target: target,
          reason: decision.reason, isVoid: isVoid))
    }
    for name in missing {
      let cleaned = Names.cleaned(name)
      let isVoid = cleaned.map { !isFree($0, children, nil, taken) } ?? true
      if let cleaned, !isVoid { children.append(Names.Candidate(name: cleaned, votes: 0)) }
      edits.append(
        Edit(
          action: "add", candidate: "", target: cleaned ?? name, reason: "named as missing",
          isVoid: isVoid))
    }
    let lost = candidates.indices.filter { index in
      var place = index
      while places[place] != place { place = places[place] }
      return children[place] == nil
    }
    return Result(
      children: children.compactMap(\.self), edits: edits, lost: lost.map { candidates[$0].name })
  }

  private func isFree(
    _ name: String, _ children: [Names.Candidate?], _ place: Int?, _ taken: Set<String>
  ) -> Bool {
    let normalized = NodeName.normalized(name)
    return !taken.contains(normalized)
      && !children.enumerated().contains { $0 != place && $1?.normalized == normalized }
  }
}
