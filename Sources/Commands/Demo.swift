import ArgumentParser
import ArtifactStore
import Dataset
import Foundation
import Git
import Simula
import Starters

struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "demo",
    abstract: "Make a complete dataset without any model, and show what can be done with it",
    discussion: """
      The embedded teacher, which plays every role for grade-school arithmetic and is no language \
      model, fills 240 slots. Then one sample is traced, one knob is changed, the dataset is run \
      again, compared and rolled back. The dataset stays for you to look at; where it is there already, \
      nothing is done.

      EXAMPLES
        stemma demo
        stemma demo my-demo
      """)

  @Argument(help: "The folder to make.")
  var directory = "stemma-demo"

  func run() async throws {
    let start = ContinuousClock.now
    guard !FileManager.default.fileExists(atPath: directory) else {
      guard isThere else {
        throw CommandError(
          "there is a '\(directory)' already, and it is not what a demo leaves",
          hint: "name a new folder: stemma demo NAME")
      }
      return Output.line(
        "The demo's dataset is in '\(directory)' already, and whole. Nothing to do; "
          + "try: stemma log -C \(ShellWord.quoted(directory))")
    }
    try await step("init", directory, "--recipe", Self.starter)
    try setKnob(Self.size)
    try await step("run", "-C", directory)
    try await step("log", "-C", directory)
    let store = try Store(at: URL(filePath: directory, directoryHint: .isDirectory))
    guard let sample = try store.version("HEAD").records(.samples).last else {
      throw CommandError("the demo made no sample")
    }
    try await step("trace", "-C", directory, Output.shortID(sample.id.hex))
    Output.line()
    Output.line("# One knob: complexity.fraction from 0.5 to 0.6 in recipe.yaml")
    try setKnob(Self.change)
    try await step("status", "-C", directory)
    try await step("run", "-C", directory)
    try await step("diff", "-C", directory, "HEAD~1", "HEAD")
    try await step("rollback", "-C", directory, "HEAD~1")
    try await step("log", "-C", directory)
    try await step("verify", "-C", directory)
    let seconds = start.duration(to: .now).components.seconds
    Output.line()
    Output.line(
      "Done in \(seconds + 1) s. The dataset is in '\(directory)'; try: stemma list samples -C \(directory)"
    )
  }

  private static let starter = "grade-school-math"
  private typealias Knob = (path: [String], value: String)
  private static let size: Knob = (["samples"], "240")
  private static let change: Knob = (["complexity", "fraction"], "0.6")

  private func setKnob(_ knob: Knob) throws {
    let file = URL(filePath: directory).appending(path: "recipe.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    try Data(try Recipe.setting(path: knob.path, to: knob.value, in: text).utf8)
      .write(to: file, options: .atomic)
  }

  /// Whether the folder holds what a demo of this program leaves, and nothing was done with it since.
  private var isThere: Bool {
    do {
      let url = URL(filePath: directory, directoryHint: .isDirectory)
      guard FileManager.default.fileExists(atPath: url.appending(path: ".git").path),
        let recipe = Starter.named(Self.starter)?.recipe
      else { return false }
      let store = try Store(at: url)
      // The last one has what the one before the change has.
      let versions = try store.repository.history(
        from: [try store.version("HEAD").commit.id], limit: 6
      ).map { try store.version($0.id) }
      guard versions.count == 5, versions[0].tree == versions[2].tree else { return false }
      let first = try Recipe.setting(path: Self.size.path, to: Self.size.value, in: recipe)
      let second = try Recipe.setting(path: Self.change.path, to: Self.change.value, in: first)
      for (version, text) in [(versions[0], first), (versions[1], second)] {
        guard try version.file("recipe.yaml") == Array(text.utf8) else { return false }
      }
      return try Snapshot(workingDirectory: url).files.elementsEqual(
        Snapshot(versions[0]).files, by: ==)
    } catch {
      return false
    }
  }

  /// Runs a command as it would be typed, with its line in front.
  private func step(_ arguments: String...) async throws {
    Output.line()
    Output.line("$ stemma \(arguments.joined(separator: " "))")
    Output.flush()
    var command = try StemmaCommand.parseAsRoot(arguments)
    if var command = command as? any AsyncParsableCommand {
      try await command.run()
    } else {
      try command.run()
    }
    Output.flush()
  }
}
