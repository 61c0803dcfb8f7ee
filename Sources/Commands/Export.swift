import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Simula

struct Export: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "export",
    abstract: "Write the records of a version as JSON lines",
    discussion: """
      Samples are written as their values, in the order of their slots and with their members in the \
      order of the schema; imported records as the lines that they were. Other kinds, and samples with --records, are written as the store holds them.

      --croissant and --card describe the samples for those who get nothing else: Croissant 1.1 metadata \
      (fields, checksums, provenance), and a dataset card as Hugging Face reads it. --folder writes all \
      of it into a folder, with ids.txt, whose n-th line is the id of the n-th sample.

      EXAMPLES
        stemma export > samples.jsonl
        stemma export imports --at v1 -o train.jsonl
        stemma export verdicts --at HEAD~1
        stemma export -o samples.jsonl --croissant croissant.json --card README.md
        stemma export --folder out --license CC-BY-4.0 --creator 'Ada Example'
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

  @OptionGroup(title: "Metadata of samples") var metadata: MetadataOptions

  func run() async throws {
    guard let kind = RecordKind(rawValue: kind), RecordKind.versioned.contains(kind) else {
      throw CommandError(
        "there are no records of kind '\(kind)'",
        hint: "kinds: \(RecordKind.versioned.map(\.rawValue).joined(separator: ", "))",
        status: .usage)
    }
    if metadata.isWanted, kind != .samples || records {
      throw CommandError(
        "metadata describes the values of samples only",
        hint: "leave out \(records ? "--records" : "'\(kind.rawValue)'"), or the metadata",
        status: .usage)
    }
    let version = try dataset.store().version(at)
    if kind == .samples, !records {
      let samples = try SampleValues(version)
      if metadata.isWanted {
        try ExportMetadata(version, samples, metadata, samplesPath: output).write()
      } else {
        var file = try ExportFile(output)
        for sample in samples.all { try file.write(sample.line) }
        try file.finish()
        tell(samples.all.count, file.name)
      }
    } else {
      var file = try ExportFile(output)
      try version.forEachLines(kind) { lines in try lines.withUnsafeBytes { try file.write($0) } }
      try file.finish()
      tell(try version.liveCount(kind), file.name)
    }
    guard kind == .samples, try version.liveCount(.samples) == 0 else { return }
    let imports = try version.liveCount(.imports)
    if imports > 0 {
      Output.complain(
        "note: there are no samples; 'stemma export imports' writes "
          + Plural.text(imports, "imported line"))
    }
  }

  private func tell(_ lineCount: Int, _ name: String?) {
    guard let name else { return }
    Output.complain("Wrote \(Plural.text(lineCount, "line")) to \(name).")
  }
}

/// The values of a version's samples as lines, by slot.
struct SampleValues {
  struct Sample {
    let slot: Slot
    let id: RecordID
    /// With its line feed.
    let line: [UInt8]
  }
  let all: [Sample]
  /// The members that at least one value has.
  let members: Set<String>

  init(_ version: Version) throws {
    let order = try Self.order(in: version)
    var members = Set<String>()
    all = try version.records(.samples).map { record in
      let sample = try record.value()
      let value = sample["value"] ?? .null
      members.formUnion(value.object?.names ?? [])
      let bytes = order.map { Array($0(value).text.utf8) } ?? value.canonicalBytes
      return Sample(
        slot: Slot(sample["slot"]) ?? .numbered(0), id: record.id, line: bytes + [0x0A])
    }.sorted { $0.slot < $1.slot }
    self.members = members
  }

  /// The order of members that the version's recipe asks for, or nil where it cannot be read.
  private static func order(in version: Version) throws -> ((JSON) -> JSON)? {
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
