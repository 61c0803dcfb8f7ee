import CanonicalJSON
import Foundation

/// Generation with the embedded teacher at one size: every stage, again from the recorded calls, and
/// after an edit of a taxonomy.
struct GenerationBenchmark {
  /// What one sample costs at a size.
  struct Cost {
    let count: Int
    var measured = Measurement()
    var bytes = 0

    var line: String {
      let each = { (value: Double) in value / Double(count) }
      return String(
        format:
          "%7d samples: %.3f ms wall, %.3f ms CPU, %.0f bytes and %.2f kB of peak memory each",
        count, each(measured.wallSeconds) * 1000, each(measured.cpuSeconds) * 1000,
        each(Double(bytes)), each(measured.peakMegabytes) * 1000)
    }
  }

  /// What 512,000 samples may take: 15 minutes, 2 of them to find duplicates, and 1 GB of memory.
  private static let wallLimit = 900.0 / 512_000 * 1000
  private static let duplicatesLimit = 120.0 / 512_000 * 1000
  private static let memoryLimit = 1000.0

  let stemma: String
  let count: Int
  let folder: URL
  private(set) var cost: Cost

  init(stemma: String, count: Int, folder: URL) throws {
    self.stemma = stemma
    self.count = count
    self.folder = folder
    cost = Cost(count: count)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private var program: MeasuredProgram { MeasuredProgram(folder: folder) }
  private var dataset: URL { folder.appending(path: "dataset") }

  mutating func run(_ show: (BenchmarkRow) -> Void) throws {
    try program.run([stemma, "init", "dataset", "--recipe", "grade-school-math"])
    let first = try generate(show)
    let nothing = try median(3) { try program.run([stemma, "run", "-C", "dataset"]) }
    show(BenchmarkRow(name: "run, nothing to do", measured: nothing))
    try deriveAgain(first, show)
    try removeLeaf(first, show)
    try program.run(["git", "-C", "dataset", "fsck", "--full", "--strict"])
  }

  // MARK: - Cases

  private mutating func generate(_ show: (BenchmarkRow) -> Void) throws -> Report {
    let before = repositorySize()
    let (measured, report) = try measureRun()
    cost.measured = measured
    cost.bytes = repositorySize() - before
    let each = { [count] (seconds: Double) in seconds / Double(count) * 1000 }
    for (name, value, limit) in [
      ("ms wall a sample", each(measured.wallSeconds), Self.wallLimit),
      ("ms in duplicates a sample", each(report.duplicateSeconds), Self.duplicatesLimit),
      ("MB peak", measured.peakMegabytes, Self.memoryLimit),
    ] {
      show(
        BenchmarkRow(
          name: "generate", measured: measured, bytes: cost.bytes, against: "limit",
          ratio: (name, value, limit), note: "\(report.asked) calls"))
    }
    return report
  }

  /// A branch from the first commit knows of nothing but the calls.
  private func deriveAgain(_ first: Report, _ show: (BenchmarkRow) -> Void) throws {
    let list = folder.appending(path: "first")
    try program.run(
      ["git", "-C", "dataset", "rev-list", "--max-parents=0", "HEAD"], output: list)
    let start = try String(contentsOf: list, encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    try program.run([stemma, "checkout", "-C", "dataset", "-b", "again", start])
    let before = repositorySize()
    let (measured, report) = try measureRun()
    guard report.asked == 0, report.digest == first.digest else {
      throw MeasuredProgram.Failure(
        description: "deriving again asked \(report.asked) calls and gave \(report.digest)")
    }
    show(
      BenchmarkRow(
        name: "again, all from recorded calls", measured: measured,
        bytes: repositorySize() - before, against: "generate",
        ratio: ("wall", measured.wallSeconds / cost.measured.wallSeconds, 1)))
    try program.run([stemma, "checkout", "-C", "dataset", "main"])
  }

  private func removeLeaf(_ first: Report, _ show: (BenchmarkRow) -> Void) throws {
    let name = try editTaxonomy()
    let before = repositorySize()
    let (measured, report) = try measureRun()
    let bytes = repositorySize() - before
    let moved = Double(report.asked) / Double(max(first.asked, 1))
    let note = String(
      format: "%d calls asked, %.2f%% of all; %@", report.asked, moved * 100, name)
    for (kind, part, whole) in [
      ("wall", measured.wallSeconds, cost.measured.wallSeconds),
      ("bytes", Double(bytes), Double(cost.bytes)),
    ] {
      show(
        BenchmarkRow(
          name: "one leaf removed", measured: measured, bytes: bytes,
          against: "generate, for its share of the calls",
          ratio: (kind, part / whole / max(moved, 1e-9), 2), note: note))
    }
  }

  // MARK: - Parts

  private struct Report {
    let asked: Int
    let duplicateSeconds: Double
    let digest: String
  }

  private func measureRun() throws -> (Measurement, Report) {
    let output = folder.appending(path: "report")
    let measured = try program.run(
      [stemma, "run", "-C", "dataset", "--samples", String(count), "--json"], output: output)
    for line in try String(contentsOf: output, encoding: .utf8).split(separator: "\n") {
      let report = try JSON(parsing: String(line))
      guard report["type"] == "run", report["kept"]?.int == count, let asked = report["asked"]?.int,
        let seconds = report["seconds"]?["duplicates"]?.double,
        let digest = report["dataset-digest"]?.string
      else { continue }
      return (measured, Report(asked: asked, duplicateSeconds: seconds, digest: digest))
    }
    throw MeasuredProgram.Failure(description: "the run did not keep \(count) samples")
  }

  /// Takes a line away that no other names, and gives the node's name.
  private func editTaxonomy() throws -> String {
    let taxonomies = dataset.appending(path: "taxonomies")
    let strategies = try String(
      contentsOf: dataset.appending(path: "strategies.yaml"), encoding: .utf8)
    let files = try FileManager.default.contentsOfDirectory(atPath: taxonomies.path).sorted()
    for file in files where file.hasSuffix(".yaml") {
      let place = taxonomies.appending(path: file)
      let text = try String(contentsOf: place, encoding: .utf8)
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      let leaf = lines.lastIndex { line in
        guard let match = line.firstMatch(of: #/\{id: ([0-9a-f]{16}), in: /#) else { return false }
        return !text.contains("in: \(match.1)") && !strategies.contains(match.1)
      }
      guard let leaf else { continue }
      let name = lines.remove(at: leaf).firstMatch(of: /name: ("[^"]*")/)?.1 ?? ""
      try Data(lines.joined(separator: "\n").utf8).write(to: place)
      return String(name)
    }
    throw MeasuredProgram.Failure(description: "no taxonomy has a leaf that can be removed")
  }

  private func repositorySize() -> Int {
    sizeInBytes(of: dataset.appending(path: ".git"), except: [".git/stemma"])
  }
}
