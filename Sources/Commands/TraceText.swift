import CanonicalJSON
import Dataset

/// Draws a trace as a tree.
enum TraceText {
  static func print(_ node: TraceNode, width: Int) {
    draw(node, first: "", rest: "", width: width)
  }

  private static func draw(_ node: TraceNode, first: String, rest: String, width: Int) {
    let id = node.id.isEmpty ? "" : " " + Output.shortID(node.id)
    Output.line("\(first)\(node.relation)\(id)")
    let hasCauses = !node.causes.isEmpty
    for line in details(node) where !line.isEmpty {
      Output.line(rest + (hasCauses ? "│  " : "   ") + Output.excerpt(line, width))
    }
    for (index, cause) in node.causes.enumerated() {
      let isLast = index == node.causes.count - 1
      draw(
        cause, first: rest + (isLast ? "└─ " : "├─ "), rest: rest + (isLast ? "   " : "│  "),
        width: width)
    }
  }

  private static func details(_ node: TraceNode) -> [String] {
    let content = node.content
    func text(_ name: String) -> String { content[name].map { $0.string ?? $0.text } ?? "" }
    switch node.relation {
    case "samples", "judged", "same question as":
      if content["reason"] != nil { return rejection(text) }
      return ["slot \(text("slot")), attempt \(text("attempt"))"]
        + (content["value"]?.object?.members ?? []).map {
          "\($0.name): \($0.value.string ?? $0.value.text)"
        }
    case "call", "calls": return call(content)
    case "meta-prompt", "complexified from", "meta-prompts": return [text("text")]
    case "candidate not used": return ["\(text("index")): \(text("text"))"]
    case "mix", "mixes": return ["slot \(text("slot"))"]
    case "strategy": return [text("name")]
    case "taxonomy node", "parent node":
      return [text("path")]
        + (content["name-at-birth"]?.string.map { ["name at birth: \($0)"] } ?? [])
    case "proposed in", "proposals": return ["proposal \(text("number")): \(text("names"))"]
    case "edited by the critic", "edits":
      return [
        "\(text("action")) '\(text("candidate"))' \(text("target")) (\(text("outcome"))): "
          + text("reason")
      ]
    case "planned in", "plans": return ["\(text("task")): \(text("text"))"]
    case "verdict", "verdicts":
      return ["\(text("role")), round \(text("round")): \(text("outcome"))", text("explanation")]
    case "refined from", "rejected before", "rejections": return rejection(text)
    case "first in version": return version(content, text)
    default:
      return (content.object?.members ?? []).map {
        "\($0.name): \($0.value.string ?? $0.value.text)"
      }
    }
  }

  private static func rejection(_ text: (String) -> String) -> [String] {
    ["slot \(text("slot")), attempt \(text("attempt")), \(text("reason")): \(text("detail"))"]
      + [text("value")].filter { !$0.isEmpty }
  }

  private static func version(_ content: JSON, _ text: (String) -> String) -> [String] {
    let since = text("recipe-version")
    return [
      text("title"),
      text("run").isEmpty ? "" : "run \(text("run"))",
      content["time"]?.int.map { "\(Dates.text(Int64($0))), by \(text("author"))" } ?? "",
      text("recipe").isEmpty
        ? "" : "recipe \(Output.shortID(text("recipe"))), since version \(Output.shortID(since))",
    ]
  }

  private static func call(_ content: JSON) -> [String] {
    guard let request = content["request"] else {
      return (content.object?.members ?? []).map { "\($0.name): \($0.value.string ?? "")" }
    }
    let parameters = ["revision", "temperature", "top-p", "max-tokens", "try"].compactMap { name in
      request[name].map { "\(name) \($0.string ?? $0.text)" }
    }
    var lines = [
      "\(request["provider"]?.string ?? ""): \(request["model"]?.string ?? "")"
        + parameters.map { ", \($0)" }.joined(),
      "task \(request["task"]?.string ?? ""), \(request["draw"]?.string ?? "")",
    ]
    if let input = content["usage"]?["input"]?.int, let output = content["usage"]?["output"]?.int {
      lines.append("tokens \(input) in, \(output) out")
    }
    for message in request["messages"]?.array ?? [] {
      lines.append("\(message["role"]?.string ?? "")> \(message["text"]?.string ?? "")")
    }
    lines.append("answer> \(content["answer"]?["text"]?.string ?? "")")
    return lines
  }
}
