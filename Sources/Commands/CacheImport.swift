import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Simula
import Teachers

struct CacheImport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "import",
    abstract: "Add recorded calls from files that 'cache export' wrote",
    discussion: """
      Each line is checked: its form, its size, and that its key is that of its request. What is here \
      already stays as it is, so that importing twice, or two datasets from each other, gives the same. \
      An answer that was dropped here stays dropped. Compressed files are read as they are.

      EXAMPLES
        stemma cache import calls.jsonl.zst
        stemma cache export -C other | stemma cache import -

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: ArgumentHelp("The files; - reads standard input.", valueName: "file"))
  var paths: [String]

  @Flag(name: .customLong("skip-bad"), help: "Leave out lines that are no calls, and count them.")
  var skipsBad = false

  func run() async throws {
    let store = try dataset.store()
    let lock = try store.lock(purpose: "stemma cache import")
    defer { withExtendedLifetime(lock) {} }
    let report = try await OpenBudget.keep(store) {
      var calls = try CallImport(store, skippingBad: skipsBad)
      for path in paths {
        let input = try InputFile(path)
        let progress = ByteProgress(total: input.sizeInBytes)
        defer { progress.end() }
        try calls.read(input.descriptor, name: input.name) { progress.update($0) }
      }
      return try calls.finish()
    }
    // What counts among several answers to one request may be another one now.
    if report.counts.alternatives > 0 { SlotHistory.forget(store) }
    Housekeeping(store).tidy()
    for problem in report.badLines { Output.complain("left out: \(problem)") }
    let counts = report.counts
    if form.isJSON {
      return Output.json(
        "cache-import",
        [
          ("added", JSON(counts.added)), ("known", JSON(counts.known)),
          ("dropped", JSON(counts.dropped)), ("alternatives", JSON(counts.alternatives)),
          ("bad", JSON(report.badCount)),
        ])
    }
    Output.line("\(Plural.text(counts.added, "call")) added, \(counts.known) here already.")
    if counts.dropped > 0 {
      Output.line("\(counts.dropped) of these were dropped here, and answer nothing.")
    }
    if report.badCount > 0 {
      Output.line("\(Plural.text(report.badCount, "line")) left out, which are no calls.")
    }
  }
}
