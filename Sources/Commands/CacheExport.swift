import ArgumentParser
import ArtifactStore
import Foundation
import Teachers

struct CacheExport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "export",
    abstract: "Write recorded calls as JSON lines",
    discussion: """
      One line a call, exactly as it is stored, so that an import elsewhere gives the same ids. A file \
      whose name ends in .zst is compressed. Dropped answers are left out unless --dropped is given.

      EXAMPLES
        stemma cache export calls.jsonl.zst
        stemma cache export --task solve --named | jq -r .answer.text

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions

  @Argument(
    help: ArgumentHelp("The file to write; standard output when not given.", valueName: "file"))
  var path: String?

  @Option(
    help: ArgumentHelp("Only calls of this model, as 'cache stat' names it.", valueName: "name"))
  var model: [String] = []

  @Option(help: ArgumentHelp("Only calls of this task, such as 'solve'.", valueName: "name"))
  var task: [String] = []

  @Flag(help: "Only calls that live records of the present version name.")
  var named = false

  @Flag(help: "Dropped answers too.")
  var dropped = false

  func run() async throws {
    let store = try dataset.store()
    let lines = try CallLines(store)
    var names: CallNames?
    if named {
      names = CallNames(of: lines)
      if let head = try store.head() { try names?.insert(namedBy: head) }
    }
    var file = try ExportFile(path)
    var compressor = ZstdCompressor()
    let isCompressed = path?.hasSuffix(".zst") == true
    let reporter = RunReporter()
    let models = Set(model)
    let tasks = Set(task)
    var count = 0
    try lines.forEach(
      in: names, didRead: { CountProgress.show("files of calls read", $0, of: $1, on: reporter) }
    ) { line, id in
      guard dropped || !lines.drops.contains(id) else { return }
      if !models.isEmpty || !tasks.isEmpty {
        guard let call = CallOutline(line), models.isEmpty || models.contains(call.model),
          tasks.isEmpty || tasks.contains(call.task)
        else { return }
      }
      count += 1
      let bytes = Array(line) + [0x0A]
      try bytes.withUnsafeBytes { bytes in
        guard isCompressed else { return try file.write(bytes) }
        try compressor.add(bytes) { try file.write($0) }
      }
    }
    reporter.end()
    if isCompressed { try compressor.finish { try file.write($0) } }
    try file.finish()
    if let name = file.name { Output.complain("Wrote \(Plural.text(count, "call")) to \(name).") }
  }
}
