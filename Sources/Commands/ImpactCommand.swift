import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Simula

struct ImpactCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "impact",
    abstract: "Show what descends from something",
    discussion: """
      WHAT
        3f9a1c2e                   a record or a call, by the beginning of its id, or of a call's key
        'Setting > Shop'           a taxonomy node, by path, name or id, with all below it
        'Trade and travel'         a strategy, by name or id
        prompts/generate.mustache  a prompt template
        gpt-5-mini                 a model
        20261122T0930              a run, by the beginning of its id
        HEAD~1                     a version: what it had first
        recipe.yaml:12             a line of the recipe, or a key: complexity.fraction

      Where a word could mean several of them, say which: node:, strategy:, record:, call:, prompt:, \
      model:, run:, version:.

      A record descends from what its request was made of, from the call that answered, and from the \
      verdicts that decided on it. Only live records of the version count.

      EXAMPLES
        stemma impact 'Setting > Shop'
        stemma impact prompts/generate.mustache --kind samples
        stemma impact model:gpt-5-mini --json | jq .counts

      \(ExitStatus.help)
      """)

  /// So many records of a kind are shown unless all are asked for.
  private static let shownCount = 3

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: "What the impact of is asked for.")
  var what: String

  @Option(name: .long, help: ArgumentHelp("The version to look in.", valueName: "rev"))
  var at = "HEAD"

  @Option(name: .long, help: ArgumentHelp("List the records of one kind only, all of them."))
  var kind: String?

  @Flag(name: .long, help: "List all records.")
  var list = false

  func validate() throws {
    guard let kind else { return }
    guard let found = RecordKind(rawValue: kind), RecordKind.versioned.contains(found) else {
      throw ValidationError(
        "'\(kind)' is no kind of record: "
          + RecordKind.versioned.map(\.rawValue).joined(separator: ", "))
    }
  }

  func run() async throws {
    let version = try dataset.store().version(at)
    let progress = CountProgress("shards read")
    defer { progress.end() }
    let didRead: (Int, Int) -> Void = { progress.update($0, of: $1) }
    let (root, stages) = try find(in: version, didRead)
    let result = try Impact(version, didRead: didRead).descendants(of: root.root)
    progress.end()
    if form.isJSON {
      printJSON(root, stages, result, version)
    } else {
      try printText(root, stages, result, version)
    }
  }

  private func find(
    in version: Version, _ didRead: @escaping (Int, Int) -> Void
  ) throws -> (root: ImpactReference.Found, stages: [StageName]) {
    if let key = try RecipeImpact.key(what, in: version) {
      let stages = Set(key.stages.map(\.output))
      return (
        ImpactReference.Found(.stages(stages), kind: "recipe", name: key.name), key.stages.sorted()
      )
    }
    let reference = try ImpactReference(
      version, tasks: PromptTask.allCases.map(\.rawValue), didRead: didRead)
    return (try reference.find(what), [])
  }

  private func kinds(of result: ImpactResult) -> [RecordKind] {
    RecordKind.versioned.filter { result.count($0) > 0 }
  }

  private func printJSON(
    _ root: ImpactReference.Found, _ stages: [StageName], _ result: ImpactResult,
    _ version: Version
  ) {
    let counts = kinds(of: result).map { ($0.rawValue, JSON(result.count($0))) }
    var members: [(String, JSON)] = [
      ("root", ["kind": .string(root.kind), "name": .string(root.name)]),
      ("version", .string(version.commit.id.hex)), ("counts", .object(JSONObject(counts))),
    ]
    if root.kind == "recipe" {
      members.append(("stages", .array(stages.map { .string($0.rawValue) })))
    }
    Output.json("impact", members)
    for kind in kinds(of: result) where list || self.kind == kind.rawValue {
      guard self.kind == nil || self.kind == kind.rawValue else { continue }
      for id in (result.records[kind] ?? []).sorted() {
        Output.json("record", [("kind", .string(kind.rawValue)), ("id", .string(id.hex))])
      }
    }
  }

  private func printText(
    _ root: ImpactReference.Found, _ stages: [StageName], _ result: ImpactResult,
    _ version: Version
  ) throws {
    Output.line("\(root.kind)  \(root.name)")
    if root.kind == "recipe" {
      let names = stages.map(\.rawValue).joined(separator: ", ")
      Output.line("read by  \(names.isEmpty ? "no stage: nothing that is generated" : names)")
    }
    guard !result.isEmpty else {
      Output.line("Nothing in this version descends from it.")
      return
    }
    for kind in kinds(of: result) {
      Output.line(
        "\(kind.rawValue.padding(toLength: 14, withPad: " ", startingAt: 0))\(result.count(kind))")
    }
    for kind in kinds(of: result) {
      guard self.kind == nil || self.kind == kind.rawValue else { continue }
      let ids = (result.records[kind] ?? []).sorted()
      let shown = list || self.kind != nil ? ids : Array(ids.prefix(Self.shownCount))
      let records = try version.records(kind, shown)
      let values = Dictionary(
        try records.map { ($0.id, try $0.value()) }, uniquingKeysWith: { first, _ in first })
      Output.line()
      Output.line(kind.rawValue)
      for id in shown {
        Output.line(
          "  \(Output.shortID(id.hex))  \(values[id].map { RecordSummary.text(kind, $0) } ?? "")")
      }
      if shown.count < ids.count {
        Output.line("  and \(ids.count - shown.count) more: '--list', '--kind \(kind.rawValue)'")
      }
    }
  }
}
