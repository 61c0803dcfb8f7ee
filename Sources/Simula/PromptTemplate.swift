package import CanonicalJSON
import Foundation
import Mustache
package import Teachers

/// One prompt template: a comment, a system part and a user part.
package final class PromptTemplate: Sendable {
  package let task: PromptTask
  package let bytes: [UInt8]
  private let system: Body
  private let user: Body

  private static let maximumSizeInBytes = 64 << 10

  package init(_ task: PromptTask, bytes: [UInt8]) throws(SimulaError) {
    self.task = task
    self.bytes = bytes
    guard bytes.count <= Self.maximumSizeInBytes,
      let text = String(validating: bytes, as: UTF8.self)
    else { throw PromptTemplate.failure(task, "is not UTF-8 text of at most 64 KiB") }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let systemLine = lines.firstIndex(of: "### system"),
      let userLine = lines.firstIndex(of: "### user"), systemLine < userLine
    else {
      throw PromptTemplate.failure(task, "lacks a line '### system' and after it one '### user'")
    }
    if let unknown = PromptTemplate.names(in: lines[systemLine...]).first(where: {
      !task.variables.contains($0)
    }) {
      throw PromptTemplate.failure(
        task,
        "names '{{\(unknown)}}', but has only \(task.variables.sorted().joined(separator: ", "))")
    }
    system = try PromptTemplate.compile(lines[(systemLine + 1)..<userLine], task)
    user = try PromptTemplate.compile(lines[(userLine + 1)...], task)
  }

  private static func compile(
    _ lines: ArraySlice<Substring>, _ task: PromptTask
  ) throws(SimulaError) -> Body {
    let body = lines.joined(separator: "\n").trimmingPrefix("\n")
    var text = String(body)
    while text.hasSuffix("\n") { text.removeLast() }
    // A partial could pull in nothing, since no library is given; text is not to be HTML-escaped.
    do {
      return Body(
        plain: PlainTemplate(text),
        mustache: try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}" + text))
    } catch {
      throw failure(task, "is no Mustache: \(reason(error))")
    }
  }

  private static func reason(_ error: any Error) -> String {
    guard let error = error as? MustacheTemplate.ParserError else { return "\(error)" }
    let line = error.context.line.trimmingCharacters(in: .whitespaces)
    return "\(error.error) at '\(line.prefix(80))'"
  }

  /// The variables that tags name, without comments and settings; of `a.b` and `f(a)` it is `a`.
  private static func names(in lines: ArraySlice<Substring>) -> [String] {
    lines.joined(separator: "\n").matches(of: /\{\{\{?([#^\/&]?)([^}]*)\}\}/).compactMap { match in
      let tag = match.2.trimmingCharacters(in: .whitespaces)
      guard let first = tag.first, !"!%=>$<.".contains(first) else { return nil }
      let name = (tag.split(separator: "(").last ?? "").prefix { !") .".contains($0) }
      return name.isEmpty ? nil : String(name)
    }
  }

  private static func failure(_ task: PromptTask, _ message: String) -> SimulaError {
    SimulaError(
      .template, "prompts/\(task.rawValue).mustache \(message)",
      hint: "mend it, or take the committed one back: 'git checkout HEAD -- \(task.path)'")
  }

  package func messages(_ inputs: JSONObject) -> [Message] {
    let system = self.system.render(inputs)
    let user = Message(.user, self.user.render(inputs))
    return system.isEmpty ? [user] : [Message(.system, system), user]
  }

  /// One part of a template.
  private final class Body: Sendable {
    let plain: PlainTemplate?
    let mustache: MustacheTemplate

    init(plain: PlainTemplate?, mustache: MustacheTemplate) {
      self.plain = plain
      self.mustache = mustache
    }

    func render(_ inputs: JSONObject) -> String {
      plain?.constant ?? plain?.render(inputs)
        ?? mustache.render(PromptTemplate.plain(.object(inputs)))
    }
  }

  static func plain(_ value: JSON) -> Any {
    switch value {
    case .null: return Bool?.none as Any
    case .bool(let value): return value
    case .number(let number): return value.int ?? number
    case .string(let text): return text
    case .array(let values): return values.map(plain)
    case .object(let object): return TemplateObject(object: object)
    }
  }

  /// An object that renders as JSON where a template prints it whole, the same in every process.
  private struct TemplateObject: MustacheParent, MustacheCustomRenderable {
    let object: JSONObject

    var renderText: String { JSON.object(object).text }
    var isNull: Bool { false }
    func child(named name: String) -> Any? { object[name].map(PromptTemplate.plain) }
  }
}

/// The questions that are put to models; the raw value names the template.
package enum PromptTask: String, Sendable, CaseIterable {
  case proposeFactors = "propose-factors"
  case reviewFactors = "review-factors"
  case proposeChildren = "propose-children"
  case reviewChildren = "review-children"
  case planLevel = "plan-level"
  case planStrategies = "plan-strategies"
  case metaPrompts = "meta-prompts"
  case complexify, generate, refine
  case judgeRequirements = "judge-requirements"
  case askCorrect = "ask-correct"
  case askIncorrect = "ask-incorrect"
  case solve
  case solveCheck = "solve-check"
  case alterAnswer = "alter-answer"

  package var path: String { "prompts/\(rawValue).mustache" }

  /// Whether a dataset may do without the template: those made by earlier releases do.
  package var isOptional: Bool { self == .alterAnswer }

  /// Whether the answers grow text that people edit, and belong to no slot.
  var growsText: Bool {
    (FactorStage.tasks + TaxonomyStage.tasks + StrategyStage.tasks).contains(self)
  }

  /// What a template may name, also inside of lists.
  var variables: Set<String> {
    let requirements = ["requirements", "factor", "name", "path"]
    let place = ["factor", "node", "path", "siblings", "hasSiblings", "plan"]
    let candidates = ["candidates", "key", "name", "votes", "proposals"]
    let own: [String] =
      switch self {
      case .proposeFactors: ["examples", "references", "minimum", "maximum"]
      case .reviewFactors: ["minimum"] + candidates
      case .proposeChildren: place + ["minimum", "maximum"]
      case .reviewChildren: place + candidates
      case .planLevel: ["factor", "level", "nodes"]
      case .planStrategies: ["paths", "factor", "path", "minimum", "maximum"]
      case .metaPrompts: requirements + ["count"]
      case .complexify: requirements + ["scenario"]
      case .generate: requirements + ["scenario", "examples"]
      case .refine: requirements + ["scenario", "draft", "explanation"]
      case .judgeRequirements: requirements + ["scenario", "sample"]
      case .askCorrect, .askIncorrect, .solveCheck, .alterAnswer: ["question", "answer"]
      case .solve: ["question"]
      }
    return Set(own + ["description", "schema"])
  }
}

/// The templates of a dataset.
package struct PromptSet: Sendable {
  private let templates: [PromptTask: PromptTemplate]

  /// Takes the bytes of each template; every task needs one, unless it is optional.
  package init(_ files: [PromptTask: [UInt8]]) throws(SimulaError) {
    var templates: [PromptTask: PromptTemplate] = [:]
    for task in PromptTask.allCases {
      guard let bytes = files[task] else {
        if task.isOptional { continue }
        throw SimulaError(
          .template, "'\(task.path)' is missing",
          hint: "restore it with 'git checkout HEAD -- \(task.path)'")
      }
      templates[task] = try PromptTemplate(task, bytes: bytes)
    }
    self.templates = templates
  }

  /// Whether there is a template, which is in doubt for optional ones only.
  package func has(_ task: PromptTask) -> Bool { templates[task] != nil }

  package subscript(task: PromptTask) -> PromptTemplate {
    guard let template = templates[task] else { preconditionFailure("\(task) has no template") }
    return template
  }

  package func bytes(_ tasks: [PromptTask]) -> [(String, [UInt8])] {
    tasks.map { ($0.rawValue, self[$0].bytes) }
  }
}
