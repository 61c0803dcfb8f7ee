import CanonicalJSON
import Foundation
import TestSupport
import Testing

/// A dataset in a temporary directory, with the programs that work on it.
struct TestDataset: Sendable {
  let directory: URL
  var stemma: StemmaProgram
  let git: GitProgram

  init(at directory: URL, variables: [String: String] = [:]) {
    self.directory = directory
    stemma = StemmaProgram(in: directory, variables: variables)
    git = GitProgram(in: directory)
  }

  /// Makes a dataset below a directory, with a recipe that no version holds yet.
  static func make(
    in parent: URL, named name: String = "sums", _ recipe: TestRecipe,
    variables: [String: String] = [:]
  ) async throws -> TestDataset {
    try await StemmaProgram(in: parent)("init", name, "--recipe", "blank")
    let dataset = TestDataset(
      at: parent.appending(path: name, directoryHint: .isDirectory), variables: variables)
    try dataset.write(recipe)
    return dataset
  }

  func write(_ recipe: TestRecipe) throws { try write(recipe.text, to: "recipe.yaml") }

  func write(_ text: String, to path: String) throws {
    try Data(text.utf8).write(to: directory.appending(path: path))
  }

  func read(_ path: String) throws -> String {
    try String(contentsOf: directory.appending(path: path), encoding: .utf8)
  }

  /// Runs what is stale, and throws unless that succeeds.
  @discardableResult
  func run(_ options: String...) async throws -> RunResult {
    try RunResult(try await stemma.output(of: ["run", "--json"] + options))
  }

  /// The objects that a command prints with `--json`.
  func objects(_ arguments: String...) async throws -> [JSON] {
    try await stemma.output(of: arguments + ["--json"]).objects
  }

  func datasetDigest() async throws -> String {
    try #require(try await objects("show").first?["dataset-digest"]?.string)
  }

  /// The lines of samples, each with its slot and value.
  func samples() async throws -> [JSON] { try await objects("list", "samples") }

  func head() async throws -> String { try await git("rev-parse", "HEAD").text }

  /// The paths of run records in a version.
  func runRecords(_ revision: String = "HEAD") async throws -> [String] {
    try await git("ls-tree", "-r", "--name-only", revision, "runs").lines
  }
}

/// What `stemma run --json` says.
struct RunResult: Sendable {
  let json: JSON

  init(_ output: StemmaProgram.Output) throws {
    json = try #require(try output.objects.last)
  }

  var asked: Int { json["asked"]?.int ?? -1 }
  var cached: Int { json["cached"]?.int ?? -1 }
  var kept: Int { json["kept"]?.int ?? -1 }
  var isUpToDate: Bool { json["up-to-date"]?.bool ?? false }
}

extension StemmaProgram.Output {
  /// Standard output as JSON objects, one a line, each of which must name its type.
  var objects: [JSON] {
    get throws {
      try lines.map { line in
        let object = try JSON(parsing: line)
        _ = try #require(object["type"]?.string, "no type in \(line)")
        return object
      }
    }
  }
}

extension TestDataset {
  /// Checks that Stemma and git find nothing wrong, and that no file differs from the version.
  func expectSound(
    isCommitted: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let verification = try await stemma.run(["verify"])
    #expect(
      verification.exitCode == 0, "\(verification.text)\(verification.errorText)",
      sourceLocation: sourceLocation)
    if ProcessInfo.processInfo.environment["STEMMA_TEST_REPLAY"] != nil {
      for version in try await git("rev-list", "HEAD").lines {
        let replay = try await stemma.run(["verify", "--replay", "--at", version])
        let title = try await git("log", "-1", "--format=%s", version).text
        // What was merged or recalled follows from its recipe only after the next run.
        #expect(
          [0, 2].contains(replay.exitCode)
            || replay.errorText.contains("no run made this version"),
          "\(title)\(replay.text)\(replay.errorText)",
          sourceLocation: sourceLocation)
      }
    }
    let check = try await git.run(["fsck", "--full", "--strict"])
    #expect(check.exitCode == 0, "\(check.text)\(check.errorText)", sourceLocation: sourceLocation)
    guard isCommitted else { return }
    let status = try await git("status", "--porcelain")
    #expect(status.text == "", sourceLocation: sourceLocation)
  }
}

/// Makes a server that plays the method, and a dataset whose recipe asks it.
///
/// - Parameters:
///   - script: Plays the method.
///   - variables: What the program's environment holds.
///   - change: Changes the recipe.
///   - serving: What the server does where that is not the script alone.
///   - test: The test.
/// - Returns: What the test returned.
/// - Throws: What the test threw, or what kept it from beginning.
func withServerDataset<Value>(
  _ script: SimulaScript = SimulaScript(), variables: [String: String] = [:],
  _ change: (inout TestRecipe) -> Void = { _ in }, serving: FakeChatServer.Script? = nil,
  _ test: (TestDataset, TestRecipe, FakeChatServer) async throws -> Value
) async throws -> Value {
  try await withTemporaryDirectory { parent in
    try await withFakeChatServer(serving ?? script.script) { server in
      var recipe = TestRecipe(baseURL: server.baseURL)
      change(&recipe)
      let dataset = try await TestDataset.make(in: parent, recipe, variables: variables)
      return try await test(dataset, recipe, server)
    }
  }
}
