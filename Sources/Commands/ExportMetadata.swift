import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Pipeline
import Simula

/// What describes exported samples, and what only the user can say of them.
struct MetadataOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Write Croissant 1.1 metadata.", valueName: "file"))
  var croissant: String?

  @Option(help: ArgumentHelp("Write a dataset card.", valueName: "file"))
  var card: String?

  @Option(
    help: ArgumentHelp(
      "Write samples.jsonl, ids.txt, croissant.json and README.md into a folder.", valueName: "dir")
  )
  var folder: String?

  @Option(help: ArgumentHelp("An SPDX identifier, such as CC-BY-4.0, or a URL.", valueName: "id"))
  var license: String?

  @Option(help: ArgumentHelp("A person who made the dataset; can be repeated.", valueName: "name"))
  var creator: [String] = []

  @Option(help: ArgumentHelp("The organisation that publishes it.", valueName: "name"))
  var publisher: String?

  @Option(help: ArgumentHelp("The web page of the dataset.", valueName: "url"))
  var url: String?

  @Option(help: ArgumentHelp("The release, such as 1.2.0.", valueName: "x.y.z"))
  var release: String?

  var isWanted: Bool { croissant != nil || card != nil || folder != nil }

  var given: ExportFacts.Given {
    var given = ExportFacts.Given()
    given.license = license
    given.creators = creator
    given.publisher = publisher
    given.url = url
    given.release = release
    return given
  }

  func validate() throws {
    if folder != nil, croissant != nil || card != nil {
      throw ValidationError("--folder writes croissant.json and README.md itself")
    }
    if !isWanted, license ?? publisher ?? url ?? release != nil || !creator.isEmpty {
      throw ValidationError(
        "there is nothing to write that into: add --croissant, --card or --folder")
    }
    if let license, license.isEmpty || license.contains(where: \.isWhitespace) {
      throw ValidationError("'\(license)' is no SPDX identifier and no URL")
    }
    if let url, URL(string: url)?.scheme == nil {
      throw ValidationError("'\(url)' is no URL: it has no scheme such as https")
    }
    if let release, release.wholeMatch(of: /\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?/) == nil {
      throw ValidationError("'\(release)' is no release such as 1.2.0")
    }
  }
}

/// Writes samples with what describes them.
struct ExportMetadata {
  private let version: Version
  private let samples: SampleValues
  private let options: MetadataOptions
  private let samplesPath: String

  init(
    _ version: Version, _ samples: SampleValues, _ options: MetadataOptions, samplesPath: String?
  ) throws {
    self.version = version
    self.samples = samples
    self.options = options
    if let folder = options.folder {
      guard samplesPath == nil else {
        throw CommandError(
          "--folder names its files itself", hint: "leave out --output", status: .usage)
      }
      self.samplesPath = folder + "/samples.jsonl"
      try Self.make(folder)
      return
    }
    guard let samplesPath, samplesPath != "-", !samplesPath.hasPrefix("/dev/") else {
      throw CommandError(
        "metadata names the file that it describes", hint: "name it with -o FILE", status: .usage)
    }
    self.samplesPath = samplesPath
  }

  /// Makes the folder, unless its files are another's.
  private static func make(_ folder: String) throws {
    guard !FileManager.default.fileExists(atPath: folder + "/" + DatasetIdentity.path) else {
      throw CommandError(
        "'\(folder)' is a dataset, whose own README.md would be lost",
        hint: "name another folder: stemma export --folder out")
    }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw CommandError(
        "cannot make the folder '\(folder)'", hint: "check the permissions of the place above it")
    }
  }

  /// Models, critics and knobs are told from the recipe, which may have changed or been merged since.
  private func tellStale() throws {
    let plan = try RunPlan(Snapshot(version), base: version)
    let stale = StageName.data.filter {
      [.redefined, .newInputs, .recalled, .unnoted].contains(plan.freshness($0))
    }
    guard !stale.isEmpty else { return }
    Output.complain(
      "note: the version has \(stale.map(\.rawValue).joined(separator: ", ")) from before a change or a "
        + "merge of its recipe, of which the metadata tells: 'stemma run' brings them in line")
  }

  func write() throws {
    try tellStale()
    let facts = try ExportFacts(version, given: options.given, members: samples.members)
    let lines = try write(samplesPath, samples.all.map(\.line))
    if let folder = options.folder {
      let identities = try write(
        folder + "/ids.txt", samples.all.map { Array("\($0.id.hex)\n".utf8) })
      try writeCroissant(facts, folder + "/croissant.json", lines, [identities])
      let card = try DatasetCard(
        facts, samples: file(lines, seenFrom: folder + "/README.md"),
        identities: file(identities, seenFrom: folder + "/README.md"))
      try write(card.text, to: folder + "/README.md")
      Output.complain(
        "Wrote \(Plural.text(lines.lineCount, "line")) and what describes them to '\(folder)': "
          + "samples.jsonl, ids.txt, croissant.json, README.md.")
    } else {
      if let path = options.croissant { try writeCroissant(facts, path, lines, []) }
      if let path = options.card {
        try write(DatasetCard(facts, samples: file(lines, seenFrom: path)).text, to: path)
      }
      let others = [options.croissant, options.card].compactMap(\.self).filter { $0 != "-" }
        .map { "'\($0)'" }.joined(separator: " and ")
      Output.complain(
        "Wrote \(Plural.text(lines.lineCount, "line")) to '\(lines.path)'"
          + (others.isEmpty ? "." : ", and what describes them to \(others)."))
    }
    let missing = [
      ("--license", options.license), ("--creator", options.creator.first), ("--url", options.url),
    ].filter { $0.1 == nil }.map(\.0)
    if !missing.isEmpty {
      Output.complain(
        "note: Croissant asks for what the dataset does not say: "
          + missing.joined(separator: ", "))
    }
  }

  private func writeCroissant(
    _ facts: ExportFacts, _ path: String, _ samples: Written, _ others: [Written]
  ) throws {
    let croissant = Croissant(
      facts, samples: file(samples, seenFrom: path),
      others: others.map { file($0, seenFrom: path) })
    try write(croissant.json.text + "\n", to: path)
  }

  private struct Written {
    let path: String
    let digest: Digest
    let sizeInBytes: Int
    let lineCount: Int
  }

  private func write(_ path: String, _ lines: [[UInt8]]) throws -> Written {
    var file = try ExportFile(path)
    for line in lines { try file.write(line) }
    let digest = try file.finish()
    return Written(
      path: path, digest: digest, sizeInBytes: file.sizeInBytes, lineCount: lines.count)
  }

  private func write(_ text: String, to path: String) throws {
    var file = try ExportFile(path)
    try file.write(Array(text.utf8))
    try file.finish()
  }

  /// A file by its path from the folder of what describes it.
  private func file(_ file: Written, seenFrom description: String) -> ExportFacts.File {
    let base = URL(filePath: description == "-" ? "./-" : description).standardizedFileURL
      .deletingLastPathComponent().pathComponents
    let target = URL(filePath: file.path).standardizedFileURL.pathComponents
    let shared = zip(base, target).prefix { $0 == $1 }.count
    let path = Array(repeating: "..", count: base.count - shared) + target[shared...]
    return ExportFacts.File(
      path: path.joined(separator: "/"), digest: file.digest, sizeInBytes: file.sizeInBytes,
      lineCount: file.lineCount)
  }
}
