import Commands
import Foundation

/// Measures the store against its floors and peers, and generation by its stages, each in one run.
///
/// Usage: `.build/release/Benchmarks [RECORDS...]`, 8192, 65536 and 524288 when none are given, and
/// `.build/release/Benchmarks --generation [SAMPLES...]`, 8000, 64000 and 512000 when none are given, and
/// `.build/release/Benchmarks --teachers INSTANT_URL [SLOW_URL]` with OpenAI-compatible servers that answer
/// at once and after 200 ms; `.build/release/Benchmarks --look-ups DATASET` for the calls of a dataset alone,
/// `.build/release/Benchmarks --provenance DATASET` for tracing in a generated dataset that is there,
/// and `.build/release/Benchmarks --model URL MODEL SLOTS [SAMPLES]` for a real model behind such a server.
@main
struct Benchmarks {
  static func main() async throws {
    // As the program does.
    ProcessMemory.configure()
    switch CommandLine.arguments.dropFirst().first {
    case "--corpus": return try makeCorpus()
    case "--calls": return try await writeCalls()
    case "--generation": return try generate()
    case "--model": return try askModel()
    case "--look-ups": return try await lookUp()
    case "--teachers": return try await askTeachers()
    case "--provenance": return try trace()
    default: break
    }
    let sizes = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    let program = try stemma()
    let parent = try makeFolder()
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
      print("\n\(count) records, \(BenchmarkRow.megabytes(files.firstSizeInBytes)) MB")
      try benchmark.run()
      for row in benchmark.rows { print(row.line) }
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

  /// Generation at growing sizes, with what a sample costs at each.
  private static func generate() throws {
    let program = try stemma()
    let parent = try makeFolder()
    defer { try? FileManager.default.removeItem(at: parent) }
    let sizes = CommandLine.arguments.dropFirst(2).compactMap { Int($0) }
    var costs: [GenerationBenchmark.Cost] = []
    for count in sizes.isEmpty ? [8000, 64000, 512_000] : sizes {
      var benchmark = try GenerationBenchmark(
        stemma: program, count: count, folder: parent.appending(path: "generation-\(count)"))
      print("\n\(count) samples")
      try benchmark.run {
        print($0.line)
        fflush(nil)
      }
      costs.append(benchmark.cost)
      try FileManager.default.removeItem(at: benchmark.folder)
    }
    for cost in costs { print(cost.line) }
  }

  /// Calls to servers that somebody started.
  private static func askTeachers() async throws {
    let servers = Array(CommandLine.arguments.dropFirst(2))
    guard let instant = servers.first else {
      throw MeasuredProgram.Failure(
        description: "name the base URL of a server that answers at once")
    }
    let parent = try makeFolder()
    defer { try? FileManager.default.removeItem(at: parent) }
    let benchmark = TeacherBenchmark(
      stemma: try stemma(), folder: parent, instant: instant, slow: servers.dropFirst().first)
    try await benchmark.run(count: 100_000) {
      print($0.line)
      fflush(nil)
    }
  }

  /// A real model, which somebody started.
  private static func askModel() throws {
    let arguments = Array(CommandLine.arguments.dropFirst(2))
    guard arguments.count >= 3, let slots = Int(arguments[2]) else {
      throw MeasuredProgram.Failure(description: "name the base URL, the model and its slots")
    }
    let parent = try makeFolder()
    defer { try? FileManager.default.removeItem(at: parent) }
    let benchmark = ModelBenchmark(
      stemma: try stemma(), folder: parent, server: arguments[0], model: arguments[1],
      slots: slots, samples: arguments.dropFirst(3).first.flatMap { Int($0) } ?? 200)
    try benchmark.run {
      print($0.line)
      fflush(nil)
    }
  }

  private static func lookUp() async throws {
    guard let dataset = CommandLine.arguments.dropFirst(2).first else {
      throw MeasuredProgram.Failure(description: "name a dataset whose samples took one call each")
    }
    let found = try await LookupBenchmark(folder: URL(filePath: dataset)).run()
    print(found.text)
  }

  private static func trace() throws {
    guard let dataset = CommandLine.arguments.dropFirst(2).first else {
      throw MeasuredProgram.Failure(description: "name a dataset that has samples")
    }
    try ProvenanceBenchmark(stemma: try stemma(), folder: URL(filePath: dataset)).run {
      print($0)
      fflush(nil)
    }
  }

  private static func stemma() throws -> String {
    let program = URL(filePath: try ownPath())
      .deletingLastPathComponent().appending(path: "stemma").path
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw MeasuredProgram.Failure(description: "build stemma first: there is no '\(program)'")
    }
    return program
  }

  private static func makeFolder() throws -> URL {
    let parent = FileManager.default.temporaryDirectory
      .appending(path: "stemma-benchmarks-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    return parent
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
}
