import Foundation

/// Measures the store against its floors and peers, all in one run.
///
/// Usage: `.build/release/Benchmarks [RECORDS...]`, 8192, 65536 and 524288 when none are given.
@main
struct Benchmarks {
  static func main() async throws {
    switch CommandLine.arguments.dropFirst().first {
    case "--corpus": return try makeCorpus()
    case "--calls": return try await writeCalls()
    default: break
    }
    let sizes = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    let program = URL(filePath: try ownPath())
      .deletingLastPathComponent().appending(path: "stemma").path
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw MeasuredProgram.Failure(description: "build stemma first: there is no '\(program)'")
    }
    let parent = FileManager.default.temporaryDirectory
      .appending(path: "stemma-benchmarks-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: parent) }
    var peaks: [(count: Int, megabytes: Double)] = []
    for count in sizes.isEmpty ? [8192, 65536, 524_288] : sizes {
      // In another process: what this one needs would count as memory of those it measures.
      let maker = MeasuredProgram(folder: parent)
      try maker.run([try ownPath(), "--corpus", String(count), parent.path])
      let files = CorpusFiles(count, in: parent)
      try MeasuredProgram(folder: files.folder).shell("LC_ALL=C sort v1.jsonl > v1.sorted")
      var benchmark = try StoreBenchmark(
        stemma: program, own: try ownPath(), corpus: files,
        folder: parent.appending(path: "run-\(count)"))
      print("\n\(count) records, \(megabytes(files.firstSizeInBytes)) MB")
      try benchmark.run()
      for row in benchmark.rows { print(line(row)) }
      if let commit = benchmark.rows.first(where: { $0.name == "commit v1" }) {
        peaks.append((count, commit.measured.peakMegabytes))
      }
      try FileManager.default.removeItem(at: parent.appending(path: "run-\(count)"))
      try FileManager.default.removeItem(at: files.folder)
    }
    for (smaller, larger) in zip(peaks, peaks.dropFirst()) {
      print(
        "peak memory of commit v1, \(larger.count) against \(smaller.count): "
          + String(format: "%.2fx", larger.megabytes / smaller.megabytes))
    }
  }

  private static func ownPath() throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
  }

  private static func makeCorpus() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let count = Int(arguments[2]) else { return }
    let parent = URL(filePath: arguments[3], directoryHint: .isDirectory)
    try CorpusFiles(count, in: parent).write(try Corpus(seed: 42))
  }

  private static func writeCalls() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 5, let count = Int(arguments[2]) else { return }
    let folder = URL(filePath: arguments[3], directoryHint: .isDirectory)
    try await CallCorpus(count: count, folder: folder, texts: URL(filePath: arguments[4])).write()
  }

  private static func megabytes(_ bytes: Int) -> String {
    String(format: "%.1f", Double(bytes) / 1e6)
  }

  private static func line(_ row: StoreBenchmark.Row) -> String {
    var line = row.name.padding(toLength: 34, withPad: " ", startingAt: 0)
    line += String(
      format: "%8.3f s wall %8.3f s CPU %7.1f MB peak", row.measured.wallSeconds,
      row.measured.cpuSeconds, row.measured.peakMegabytes)
    line += row.bytes.map { "  \(megabytes($0)) MB written" } ?? ""
    if let ratio = row.ratio, let against = row.against {
      let verdict = ratio.value <= ratio.limit ? "ok" : "over"
      line +=
        "  \(ratio.name) \(String(format: "%.3f", ratio.value)) of \(against)"
        + " (limit \(ratio.limit), \(verdict))"
    }
    return line
  }
}
