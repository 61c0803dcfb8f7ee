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
    var isVoid: Bool
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
    /// How many children are left out since a node has no more than so many.
    var cutCount = 0
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

  /// The children after all valid edits, and the edits.
  ///
  /// An edit that names nothing known is void, and so is one of a child that is cut.
  func apply(
    to candidates: [Names.Candidate], taken: Set<String>, atMost cap: Int
  ) -> Result {
    var children: [Names.Candidate?] = candidates
    var edits: [Edit] = []
    // The place of the child that each edit made or changed.
    var edited: [Int?] = []
    // Where each candidate went; one that goes nowhere is its own place.
    var places = Array(candidates.indices)
    for (index, decision) in decisions.enumerated() where decision.action != "keep" {
      var target = decision.target
      var isVoid = false
      var changed: Int?
      switch decision.action {
      case "remove": children[index] = nil
      case "merge":
        let place = candidates.indices.first { Names.key($0) == decision.target }
        if let place, place != index, children[place] != nil, let merged = children[index] {
          children[place]?.votes += merged.votes
          children[index] = nil
          places[index] = place
          changed = place
          target = candidates[place].name
        } else {
          isVoid = true
        }
      case "rename":
        if let name = Names.cleaned(decision.target), isFree(name, children, index, taken) {
          children[index]?.name = name
          changed = index
        } else {
          isVoid = true
        }
      default: isVoid = true
      }
      edits.append(
        Edit(
          action: decision.action, candidate: candidates[index].name, target: target,
          reason: decision.reason, isVoid: isVoid))
      edited.append(changed)
    }
    for name in missing {
      let cleaned = Names.cleaned(name)
      let isVoid = cleaned.map { !isFree($0, children, nil, taken) } ?? true
      edited.append(isVoid ? nil : children.count)
      if let cleaned, !isVoid { children.append(Names.Candidate(name: cleaned, votes: 0)) }
      edits.append(
        Edit(
          action: "add", candidate: "", target: cleaned ?? name, reason: "named as missing",
          isVoid: isVoid))
    }
    /// Where a candidate, or an added name, came to in the end.
    func end(_ place: Int) -> Int {
      var place = place
      while place < places.count, places[place] != place { place = places[place] }
      return place
    }
    let lost = candidates.indices.filter { children[end($0)] == nil }
    let left = children.indices.filter { children[$0] != nil }
    // The most named ones stay; what is equal keeps its order.
    let ranked = left.sorted { first, second in
      (children[second]?.votes ?? 0, first) < (children[first]?.votes ?? 0, second)
    }
    let kept = Set(ranked.prefix(cap))
    for (index, place) in edited.enumerated() {
      guard let place = place.map(end), children[place] != nil else { continue }
      if !kept.contains(place) { edits[index].isVoid = true }
    }
    return Result(
      children: left.filter(kept.contains).compactMap { children[$0] }, edits: edits,
      cutCount: left.count - kept.count, lost: lost.map { candidates[$0].name })
  }

  private func isFree(
    _ name: String, _ children: [Names.Candidate?], _ place: Int?, _ taken: Set<String>
  ) -> Bool {
    let normalized = NodeName.normalized(name)
    return !taken.contains(normalized)
      && !children.enumerated().contains { $0 != place && $1?.normalized == normalized }
  }
}
