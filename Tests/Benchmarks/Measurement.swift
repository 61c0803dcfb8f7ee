import Foundation

/// What one process cost, as the operating system counts it, with the processes that it started.
struct Measurement: Sendable {
  var wallSeconds = 0.0
  /// User and system time.
  var cpuSeconds = 0.0
  /// The largest resident set of one process.
  var peakMegabytes = 0.0
}

/// A program that is run in a folder and measured.
struct MeasuredProgram {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let folder: URL

  /// Runs a program, found on the path or by its own path, and requires that it succeeds.
  ///
  /// - Parameters:
  ///   - command: The program and its arguments.
  ///   - output: Where standard output goes; nowhere when nil.
  /// - Returns: What it cost.
  /// - Throws: ``Failure`` when it cannot be run or does not end with zero.
  @discardableResult
  func run(_ command: [String], output: URL? = nil) throws -> Measurement {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(
      &actions, STDOUT_FILENO, output?.path ?? "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    let whole = ["env", "-C", folder.path] + command
    var arguments = whole.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    let environment = ProcessInfo.processInfo.environment.merging([
      "GIT_AUTHOR_NAME": "Benchmark", "GIT_AUTHOR_EMAIL": "benchmark@example.org",
      "GIT_COMMITTER_NAME": "Benchmark", "GIT_COMMITTER_EMAIL": "benchmark@example.org",
      "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
    ]) { $1 }
    var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { for variable in variables { free(variable) } }
    var process = pid_t()
    let start = ContinuousClock.now
    let status = posix_spawnp(&process, whole[0], &actions, nil, &arguments, &variables)
    guard status == 0 else {
      throw Failure(description: "cannot run \(command[0]): \(String(cString: strerror(status)))")
    }
    var ending: Int32 = 0
    var usage = rusage()
    while wait4(process, &ending, 0, &usage) < 0, errno == EINTR {}
    let wall = start.duration(to: .now)
    guard ending == 0 else {
      throw Failure(description: "\(command.joined(separator: " ")): ended with \(ending)")
    }
    return Measurement(
      wallSeconds: wall / .seconds(1),
      cpuSeconds: Self.seconds(usage.ru_utime) + Self.seconds(usage.ru_stime),
      peakMegabytes: Double(usage.ru_maxrss) / 1024)
  }

  /// Runs a line of shell.
  @discardableResult
  func shell(_ line: String) throws -> Measurement { try run(["sh", "-c", line]) }

  private static func seconds(_ time: timeval) -> Double {
    Double(time.tv_sec) + Double(time.tv_usec) / 1e6
  }
}

/// The bytes of all files below a folder, without some subfolders.
func sizeInBytes(of folder: URL, except excluded: [String] = []) -> Int {
  let keys: Set<URLResourceKey> = [.fileSizeKey, .isRegularFileKey]
  guard
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: Array(keys))
  else { return 0 }
  var total = 0
  for case let file as URL in files {
    if excluded.contains(where: { file.path.hasSuffix("/" + $0) }) {
      files.skipDescendants()
      continue
    }
    total += (try? file.resourceValues(forKeys: keys).fileSize) ?? 0
  }
  return total
}

/// The run with the middle wall time; the first, which warms up, is left out.
func median(_ count: Int, _ body: () throws -> Measurement) throws -> Measurement {
  _ = try body()
  let runs = try (0..<count).map { _ in try body() }
  return runs.sorted { $0.wallSeconds < $1.wallSeconds }[count / 2]
}
