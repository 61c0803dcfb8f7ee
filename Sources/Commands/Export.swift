import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Simula

struct Export: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write the records of a version as JSON lines",
    discussion: """
      Samples are written as their values, in the order of their slots and with their members in the \
      order of the schema; imported records as the lines that they were. Other kinds, and samples with --records, are written as the store holds them.

      EXAMPLES
        stemma export > samples.jsonl
        stemma export imports --at v1 -o train.jsonl
        stemma export verdicts --at HEAD~1
      """)

  @OptionGroup var dataset: DatasetOptions

  @Argument(help: "What to write: \(RecordKind.versioned.map(\.rawValue).joined(separator: ", ")).")
  var kind = RecordKind.samples.rawValue

  @Option(help: ArgumentHelp("The version.", valueName: "rev"))
  var at = "HEAD"

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("The file to write; standard output when not given.", valueName: "file"))
  var output: String?

  @Flag(help: "Write whole records of samples, with slot and provenance.")
  var records = false

  func run() async throws {
    guard let kind = RecordKind(rawValue: kind), RecordKind.versioned.contains(kind) else {
      throw CommandError(
        "there are no records of kind '\(kind)'",
        hint: "kinds: \(RecordKind.versioned.map(\.rawValue).joined(separator: ", "))",
        status: .usage)
    }
    let version = try dataset.store().version(at)
    var file = try ExportFile(output)
    if kind == .samples, !records {
      for value in try values(of: version) { try file.write(value) }
    } else {
      try version.forEachLines(kind) { lines in try lines.withUnsafeBytes { try file.write($0) } }
    }
    try file.finish()
    guard kind == .samples, try version.liveCount(.samples) == 0 else { return }
    let imports = try version.liveCount(.imports)
    if imports > 0 {
      Output.complain(
        "note: there are no samples; 'stemma export imports' writes "
          + Plural.text(imports, "imported line"))
    }
  }

  /// The values of samples with their line feeds, by slot.
  private func values(of version: Version) throws -> [[UInt8]] {
    let order = try order(in: version)
    return try version.records(.samples).map { record in
      let sample = try record.value()
      let value = sample["value"] ?? .null
      let bytes = order.map { Array($0(value).text.utf8) } ?? value.canonicalBytes
      return (Slot(sample["slot"]) ?? .numbered(0), bytes + [0x0A])
    }.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// The order of members that the version's recipe asks for, or nil where it cannot be read.
  private func order(in version: Version) throws -> ((JSON) -> JSON)? {
    guard let text = try version.file(Snapshot.recipePath) else { return nil }
    do {
      let recipe = try Recipe(
        parsing: text,
        readReference: { path in
          try version.file(path).map { String(decoding: $0, as: UTF8.self) }
        })
      return recipe.sample.memberOrder()
    } catch {
      Output.complain(
        "note: the version's recipe.yaml cannot be read, so that members are sorted by name")
      return nil
    }
  }
}
