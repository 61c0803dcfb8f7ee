import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset

struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace",
    abstract: "Show where a record comes from",
    discussion: """
      For a sample: its scenario, mix, taxonomy nodes with who proposed them, the prompts as sent and \
      the answers as received, its verdicts, and the version that first had it.

      EXAMPLES
        stemma trace 3f9a1c2e
        stemma trace 3f9a1c2e --full      prompts and answers in their whole length
        stemma trace 3f9a1c2e --json | jq .
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: "At least 4 hexadecimal digits of an id.")
  var id: String

  @Option(name: .long, help: ArgumentHelp("The version to look in.", valueName: "rev"))
  var at = "HEAD"

  @Flag(name: .long, help: "Print texts in their whole length.")
  var full = false

  func run() async throws {
    let tree = try Trace(try dataset.store().version(at)).run(id)
    if form.isJSON {
      Output.json("trace", [("root", tree.json)])
    } else {
      TraceText.print(tree, width: full ? .max : 96)
    }
  }
}

/// Draws a trace as a tree.
enum TraceText {
  static func print(_ node: TraceNode, width: Int) {
    draw(node, first: "", rest: "", width: width)
  }

  private static func draw(_ node: TraceNode, first: String, rest: String, width: Int) {
    let id = node.id.isEmpty ? "" : " " + Output.shortID(node.id)
    Output.line("\(first)\(node.relation)\(id)")
    let hasCauses = !node.causes.isEmpty
    for line in details(node) {
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
    case "samples":
      return ["slot \(text("slot")), attempt \(text("attempt"))"]
        + (content["value"]?.object?.members ?? []).map {
          "\($0.name): \($0.value.string ?? $0.value.text)"
        }
    case "call": return call(content)
    case "meta-prompt", "complexified from", "meta-prompts": return [text("text")]
    case "mix", "mixes": return ["slot \(text("slot"))"]
    case "strategy": return [text("name")]
    case "taxonomy node": return [text("path")]
    case "proposed in": return ["proposal \(text("number")): \(text("names"))"]
    case "edited by the critic":
      return ["\(text("action")) '\(text("candidate"))' \(text("target")): \(text("reason"))"]
    case "verdict", "verdicts":
      return ["\(text("role")), round \(text("round")): \(text("outcome"))", text("explanation")]
    case "rejected before":
      return ["attempt \(text("attempt")), \(text("reason")): \(text("detail"))"]
    default:
      return (content.object?.members ?? []).map {
        "\($0.name): \($0.value.string ?? $0.value.text)"
      }
    }
  }

  private static func call(_ content: JSON) -> [String] {
    guard let request = content["request"] else {
      return (content.object?.members ?? []).map { "\($0.name): \($0.value.string ?? "")" }
    }
    var lines = [
      "\(request["provider"]?.string ?? ""): \(request["model"]?.string ?? "")"
        + (request["temperature"]?.double.map { ", temperature \($0)" } ?? ""),
      "task \(request["task"]?.string ?? ""), \(request["draw"]?.string ?? "")",
    ]
    for message in request["messages"]?.array ?? [] {
      lines.append("\(message["role"]?.string ?? "")> \(message["text"]?.string ?? "")")
    }
    lines.append("answer> \(content["answer"]?["text"]?.string ?? "")")
    return lines
  }
}
