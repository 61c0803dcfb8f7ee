import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation

struct TraceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "trace",
    abstract: "Show where a record or a taxonomy node comes from",
    discussion: """
      For a sample: its scenario with the candidates that were not used, its mix, the taxonomy nodes with \
      who proposed and edited them, the prompts as sent and the answers as received, its verdicts, the \
      drafts before it and what its slot lost before, and the version that first had it.

      FORMATS
        tree     for people
        json     the tree as one object; the same as --json
        prov     W3C PROV-JSON, for tools of provenance
        dot      a graph for Graphviz
        mermaid  a flowchart for Mermaid

      EXAMPLES
        stemma trace 3f9a1c2e
        stemma trace 3f9a1c2e --full      prompts and answers in their whole length
        stemma trace 3f9a1c2e --json | jq .
        stemma trace 'Setting > Shop'
        stemma export | sed -n 7p | stemma trace --line -
        stemma trace 3f9a1c2e --format dot | dot -Tsvg > trace.svg
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case tree, json, prov, dot, mermaid
  }

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(
    help: "At least 4 hexadecimal digits of an id, or the path or name of a node or strategy.")
  var id: String?

  @Option(
    help: ArgumentHelp(
      "An exported line instead, or - for one on standard input.", valueName: "json"))
  var line: String?

  @Option(name: .long, help: ArgumentHelp("The version to look in.", valueName: "rev"))
  var at = "HEAD"

  @Option(help: "In which form.")
  var format: Format?

  @Flag(name: .long, help: "Print texts in their whole length.")
  var full = false

  func validate() throws {
    guard (id == nil) != (line == nil) else {
      throw ValidationError(
        id == nil ? "give an id, or a line with '--line'" : "'--line' takes the place of an id")
    }
    if form.isJSON, let format, format != .json {
      throw ValidationError("'--json' does not go with '--format \(format.rawValue)'")
    }
  }

  func run() async throws {
    let progress = CountProgress("shards read")
    defer { progress.end() }
    let trace = try Trace(try dataset.store().version(at)) { progress.update($0, of: $1) }
    progress.end()
    let root = if let id { try trace.root(id) } else { try trace.root(ofLine: try readLine()) }
    let tree = try trace.run(root)
    switch form.isJSON ? .json : format ?? .tree {
    case .tree: TraceText.print(tree, width: full ? .max : 96)
    case .json: Output.json("trace", [("root", tree.json)])
    case .prov: Output.raw(Array((tree.provenance.text + "\n").utf8))
    case .dot: Output.raw(Array(tree.dot.utf8))
    case .mermaid: Output.raw(Array(tree.mermaid.utf8))
    }
  }

  /// The line that was given, or the first one of standard input.
  private func readLine() throws -> String {
    guard let line, line == "-" else { return line ?? "" }
    var bytes: [UInt8] = []
    while bytes.count <= Shard.maximumLineSizeInBytes,
      let part = try FileHandle.standardInput.read(upToCount: 1 << 16), !part.isEmpty
    {
      bytes += part
      if part.contains(0x0A) { break }
    }
    guard bytes.count <= Shard.maximumLineSizeInBytes else {
      throw CommandError("the line on standard input is too long to be a sample")
    }
    guard let first = bytes.split(separator: 0x0A).first else {
      throw CommandError(
        "there is no line on standard input",
        hint: "for example: stemma export | sed -n 7p | stemma trace --line -")
    }
    return String(decoding: first, as: UTF8.self)
  }
}
