import Foundation

/// Looks for bytes that the decoders of what others wrote do not stand, guided by coverage.
///
/// Build: `STEMMA_FUZZING=1 swift build -c release --product Fuzzing --sanitize fuzzer
/// -Xswiftc -enable-testing --scratch-path .build/fuzzing`
///
/// Usage: `.build/fuzzing/release/Fuzzing NAME|all [FOLDER] [libFuzzer options]`, such as
/// `Fuzzing all -max_total_time=900`, which goes through all decoders with that time shared. The
/// folder keeps what was found to reach new code, for the next run. A finding is written to the
/// current folder; `Fuzzing NAME FILE` tries one again.
enum Fuzzing {
  /// What holds unless an option says otherwise.
  private static let defaults = [
    "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1", "-max_len=16384",
  ]
  /// The decoder under test.
  nonisolated(unsafe) fileprivate static var target = FuzzTarget.json
  nonisolated(unsafe) private static var temporaryFolder: String?

  /// What the driver is told in place of the arguments of this program.
  fileprivate static func options() throws -> [String] {
    let arguments = CommandLine.arguments.dropFirst()
    let options = arguments.filter { $0.hasPrefix("-") }
    let words = arguments.filter { !$0.hasPrefix("-") }
    let place = words.dropFirst().first
    if words.first == "all" { exit(try runAll(in: place, options)) }
    guard let target = FuzzTarget.all.first(where: { $0.name == words.first }) else {
      print("usage: Fuzzing NAME|all [FOLDER] [libFuzzer options]")
      print("names: \(FuzzTarget.all.map(\.name).joined(separator: " "))")
      exit(64)
    }
    Self.target = target
    let file = place.flatMap { isFile($0) ? [$0] : nil }
    return try (file ?? corpus(in: place)) + defaults + options
  }

  /// Runs the decoders one after another, each in a process of its own.
  private static func runAll(in parent: String?, _ options: [String]) throws -> Int32 {
    let limit = "-max_total_time="
    let seconds = options.last { $0.hasPrefix(limit) }.flatMap { Int($0.dropFirst(limit.count)) }
    let share = max(1, (seconds ?? 60 * FuzzTarget.all.count) / FuzzTarget.all.count)
    var failed: [String] = []
    for target in FuzzTarget.all {
      print("\n\(target.name): \(share) s")
      let process = Process()
      process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
      process.arguments =
        [target.name] + (parent.map { ["\($0)/\(target.name)"] } ?? []) + options
        + ["\(limit)\(share)"]
      fflush(nil)
      try process.run()
      process.waitUntilExit()
      if process.terminationStatus != 0 { failed.append(target.name) }
    }
    print(failed.isEmpty ? "\nall held" : "\nfailed: \(failed.joined(separator: ", "))")
    return failed.isEmpty ? 0 : 1
  }

  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && !isFolder.boolValue
  }

  /// Puts the seeds and the words of the decoder where the driver takes them.
  private static func corpus(in place: String?) throws -> [String] {
    let manager = FileManager.default
    let temporary = manager.temporaryDirectory.appending(path: "stemma-fuzzing-\(getpid())")
    temporaryFolder = temporary.path(percentEncoded: false)
    atexit { Fuzzing.temporaryFolder.map { try? FileManager.default.removeItem(atPath: $0) } }
    let seeds = temporary.appending(path: "seeds")
    let found = place.map { URL(filePath: $0) } ?? temporary.appending(path: "found")
    for folder in [seeds, found] {
      try manager.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    for (number, seed) in try target.seeds().enumerated() {
      try Data(seed).write(to: seeds.appending(path: "seed-\(number)"))
    }
    let words = temporary.appending(path: "words")
    let lines = target.words.map { word in
      let bytes = word.utf8.map { String(format: "\\x%02x", $0) }
      return "\"\(bytes.joined())\"\n"
    }
    try Data(lines.joined().utf8).write(to: words)
    return [found, seeds].map { $0.path(percentEncoded: false) }
      + ["-dict=\(words.path(percentEncoded: false))"]
  }
}

/// Called by libFuzzer, which has the main function, before it reads the arguments.
@_cdecl("LLVMFuzzerInitialize")
func initialize(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> Int32 {
  // Else Swift's own handlers stay, which take longer than an input may.
  for number in [SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] { signal(number, SIG_DFL) }
  let options = expectNoThrow("the seeds are made") { try Fuzzing.options() }
  let all = CommandLine.arguments.prefix(1) + options
  // They live as long as the process.
  let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(
    capacity: all.count + 1)
  for (index, argument) in all.enumerated() { (pointers + index).initialize(to: strdup(argument)) }
  (pointers + all.count).initialize(to: nil)
  count.pointee = Int32(all.count)
  arguments.pointee = pointers
  return 0
}

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  Fuzzing.target.check(Array(UnsafeBufferPointer(start: bytes, count: size)))
  return 0
}
