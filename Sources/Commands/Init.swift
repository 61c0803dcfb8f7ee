import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Foundation
import Git
import Starters

struct Init: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "init",
    abstract: "Make a new dataset from a starter recipe",
    discussion: """
      Writes recipe.yaml, the prompt templates, a README and git hooks, and commits them as the \
      first version. Edit recipe.yaml, then 'stemma run'.

      STARTER RECIPES
      \(Init.starters.map { "  \($0)" }.joined(separator: "\n"))

      All but 'grade-school-math' need a model's server: see 'teachers' in recipe.yaml.

      EXAMPLES
        stemma init math
        stemma init threats --recipe cti-mcq
        stemma init my-data --recipe blank
        stemma init --list
      """)

  @Argument(help: "The folder to make; the present one if none is given.")
  var directory = "."

  @Option(defaultAsFlag: "", help: "The starter recipe; grade-school-math if none is given.")
  var recipe: String?

  @Flag(help: "List the starter recipes, and make nothing.")
  var list = false

  @OptionGroup var form: FormOptions

  /// The names of the starters with their summaries, one a line, in columns.
  private static var starters: [String] {
    let width = Starter.all.map(\.name.count).max() ?? 0
    return Starter.all.map { starter in
      starter.name + String(repeating: " ", count: width + 2 - starter.name.count) + starter.summary
    }
  }

  private func starter() throws -> Starter {
    let name = recipe ?? Starter.all[0].name
    if let starter = Starter.named(name) { return starter }
    throw CommandError(
      name.isEmpty
        ? "'--recipe' needs the name of a starter recipe" : "no starter recipe '\(name)'",
      hint: "there are:\n" + Self.starters.map { "  \($0)" }.joined(separator: "\n"), status: .usage
    )
  }

  func run() async throws {
    guard !list else {
      for (starter, line) in zip(Starter.all, Self.starters) {
        if form.isJSON {
          Output.json(
            "starter", [("name", .string(starter.name)), ("summary", .string(starter.summary))])
        } else {
          Output.line(line)
        }
      }
      return
    }
    let starter = try starter()
    guard !directory.isEmpty else {
      throw CommandError("an empty name is no folder", hint: "stemma init NAME", status: .usage)
    }
    let url = URL(filePath: directory, directoryHint: .isDirectory).standardizedFileURL
    let version = try NewDataset(at: url, starter).make()
    let path = url.path(percentEncoded: false)
    guard !form.isJSON else {
      Output.json(
        "dataset",
        [
          ("path", .string(path)), ("recipe", .string(starter.name)),
          ("version", .string(version.commit.id.hex)),
        ])
      return
    }
    Output.line("Made a dataset in '\(path)', version \(Output.shortID(version.commit.id.hex)).")
    Output.line(
      "Edit \(path)recipe.yaml, then: stemma run"
        + (directory == "." ? "" : " -C \(ShellWord.quoted(directory))"))
  }
}
