import ArgumentParser
import ArtifactStore
import Dataset
import Foundation
import Git

struct Demo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Make a complete dataset without any model, and show what can be done with it",
    discussion: """
      The embedded teacher, which plays every role for grade-school arithmetic and is no language \
      model, fills 240 slots. Then one sample is traced, one knob is changed, the dataset is run \
      again, compared and rolled back. The dataset stays for you to look at.

      EXAMPLES
        stemma demo
        stemma demo my-demo
      """)

  @Argument(help: "The folder to make.")
  var directory = "stemma-demo"

  func run() async throws {
    let start = ContinuousClock.now
    guard !FileManager.default.fileExists(atPath: directory) else {
      throw CommandError(
        "there is a '\(directory)' already", hint: "name a new folder: stemma demo NAME")
    }
    try await step("init", directory, "--recipe", "grade-school-math")
    try setKnob(["samples"], to: "240")
    try await step("run", "-C", directory)
    try await step("log", "-C", directory)
    let store = try Store(at: URL(filePath: directory, directoryHint: .isDirectory))
    guard let sample = try store.version("HEAD").records(.samples).last else {
      throw CommandError("the demo made no sample")
    }
    try await step("trace", "-C", directory, Output.shortID(sample.id.hex))
    Output.line()
    Output.line("# One knob: complexity.fraction from 0.5 to 0.6 in recipe.yaml")
    try setKnob(["complexity", "fraction"], to: "0.6")
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

  private func setKnob(_ path: [String], to value: String) throws {
    let file = URL(filePath: directory).appending(path: "recipe.yaml")
    let text = try String(contentsOf: file, encoding: .utf8)
    try Data(try Recipe.setting(path: path, to: value, in: text).utf8)
      .write(to: file, options: .atomic)
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
