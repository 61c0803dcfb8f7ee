import CanonicalJSON

/// A descent as a graph: what stands in several places of the tree is one thing.
struct TraceGraph {
  /// What a thing of a descent is.
  enum Kind: String {
    case sample, rejection, verdict, mix, strategy, node, proposal, edit, plan, call, version
    case candidate, record
    case metaPrompt = "meta-prompt"
    case imported = "import"

    init(relation: String, content: JSON) {
      switch relation {
      case "samples", "same question as", "judged":
        self = content["reason"] == nil ? .sample : .rejection
      case "rejections", "refined from", "rejected before": self = .rejection
      case "verdicts", "verdict": self = .verdict
      case "mixes", "mix": self = .mix
      case "meta-prompts", "meta-prompt", "complexified from": self = .metaPrompt
      case "strategy": self = .strategy
      case "taxonomy node", "parent node": self = .node
      case "proposals", "proposed in": self = .proposal
      case "edits", "edited by the critic": self = .edit
      case "plans", "planned in": self = .plan
      case "calls", "call": self = .call
      case "first in version": self = .version
      case "candidate not used": self = .candidate
      case "imports": self = .imported
      default: self = .record
      }
    }
  }

  struct Thing {
    /// Made of letters, digits and hyphens.
    let name: String
    let kind: Kind
    let id: String
    let content: JSON
  }

  struct Edge: Hashable {
    let from: Int
    let to: Int
    let relation: String
  }

  /// In the order of the tree, the root first.
  private(set) var things: [Thing] = []
  private(set) var edges: [Edge] = []
  private var places: [String: Int] = [:]
  private var known = Set<Edge>()

  init(_ tree: TraceNode) { _ = add(tree, within: "") }

  private mutating func add(_ node: TraceNode, within parent: String) -> Int {
    let kind = Kind(relation: node.relation, content: node.content)
    let number = node.content["index"]?.int.map(String.init) ?? "0"
    let name =
      node.id.isEmpty ? "\(kind.rawValue)-\(number)-of-\(parent)" : "\(kind.rawValue)-\(node.id)"
    let place: Int
    if let found = places[name] {
      place = found
    } else {
      place = things.count
      places[name] = place
      things.append(Thing(name: name, kind: kind, id: node.id, content: node.content))
    }
    for cause in node.causes {
      let edge = Edge(from: place, to: add(cause, within: name), relation: cause.relation)
      if known.insert(edge).inserted { edges.append(edge) }
    }
    return place
  }

  /// What a thing says, for people: a few lines.
  func lines(of thing: Thing, width: Int) -> [String] {
    let content = thing.content
    func text(_ member: String) -> String? {
      content[member].map { $0.string ?? $0.canonicalText }.flatMap { $0.isEmpty ? nil : $0 }
    }
    let said: [String?] =
      switch thing.kind {
      case .sample: [text("slot").map { "slot \($0)" }, text("value")]
      case .rejection: [text("reason"), text("detail")]
      case .verdict:
        [
          [text("role"), text("outcome")].compactMap(\.self).joined(separator: ": "),
          text("explanation"),
        ]
      case .mix: [text("slot").map { "slot \($0)" }]
      case .metaPrompt, .candidate, .plan: [text("text")]
      case .strategy: [text("name")]
      case .node: [text("path"), text("name-at-birth").map { "name at birth: \($0)" }]
      case .proposal: [text("names")]
      case .edit:
        [
          ["action", "candidate", "target"].compactMap(text).joined(separator: " "), text("reason"),
        ]
      case .call:
        [
          content["request"]?["task"]?.string, content["request"]?["model"]?.string,
          content["answer"]?["text"]?.string, text("missing"),
        ]
      case .version: [text("title"), text("run")]
      case .imported, .record: [content.string ?? content.canonicalText]
      }
    let title = "\(thing.kind.rawValue) \(thing.id.prefix(12))"
    return [title]
      + said.compactMap(\.self).filter { !$0.isEmpty }.map { line in
        let line = line.split(whereSeparator: \.isNewline).joined(separator: " ")
        return line.count <= width ? line : line.prefix(width - 1) + "…"
      }
  }
}

extension TraceNode {
  private static let labelWidth = 72

  /// The descent in the language of Graphviz.
  package var dot: String {
    let graph = TraceGraph(self)
    var text = "digraph trace {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n"
    for thing in graph.things {
      let label = graph.lines(of: thing, width: Self.labelWidth).map(Self.dotText)
        .joined(separator: "\\l")
      text += "  \"\(thing.name)\" [label=\"\(label)\\l\"];\n"
    }
    for edge in graph.edges {
      text += "  \"\(graph.things[edge.from].name)\" -> \"\(graph.things[edge.to].name)\""
      text += " [label=\"\(Self.dotText(edge.relation))\"];\n"
    }
    return text + "}\n"
  }

  /// A text as it stands between quotation marks in DOT, where a backslash begins an escape.
  private static func dotText(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      // Graphviz reads entities of HTML also in plain labels.
      case "&": result += "&amp;"
      default:
        if isHidden(scalar) {
          result += "\\\\u{\(String(scalar.value, radix: 16))}"
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    return result
  }

  /// The descent as a flowchart in the language of Mermaid.
  package var mermaid: String {
    let graph = TraceGraph(self)
    var text = "flowchart LR\n"
    for (number, thing) in graph.things.enumerated() {
      let label = graph.lines(of: thing, width: Self.labelWidth).map(Self.mermaidText)
        .joined(separator: "<br/>")
      text += "  n\(number)[\"\(label)\"]\n"
    }
    for edge in graph.edges {
      text += "  n\(edge.from) -->|\"\(Self.mermaidText(edge.relation))\"| n\(edge.to)\n"
    }
    return text
  }

  /// A text in which nothing has a meaning for Mermaid or for HTML: all signs are entities by number.
  private static func mermaidText(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      if isHidden(scalar) {
        result += "u#123;\(String(scalar.value, radix: 16))#125;"
      } else if scalar.isASCII, !" .,-:'".unicodeScalars.contains(scalar),
        !scalar.properties.isAlphabetic, scalar.properties.numericType == nil
      {
        result += "#\(scalar.value);"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Control characters, and those that turn the direction of text.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2028, 0x2029, 0x2066...0x2069: true
    default: false
    }
  }
}
