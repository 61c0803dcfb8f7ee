import ArgumentParser
import ArtifactStore
import Foundation
import Git
import Starters

struct Init: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Make a new dataset from a starter recipe",
    discussion: """
      Writes recipe.yaml, the prompt templates, a README and git hooks, and commits them as the \
      first version. Edit recipe.yaml, then 'stemma run'.

      STARTER RECIPES
      \(Starter.all.map { "  \($0.name)  \($0.summary)" }.joined(separator: "\n"))

      EXAMPLES
        stemma init math --recipe grade-school-math
        stemma init my-data --recipe blank
      """)

  @Argument(help: "The folder to make; the present one if none is given.")
  var directory = "."

  @Option(help: "The starter recipe.")
  var recipe = "grade-school-math"

  func run() async throws {
    guard let starter = Starter.all.first(where: { $0.name == recipe }) else {
      throw CommandError(
        "no starter recipe '\(recipe)'",
        hint: "there are: \(Starter.all.map(\.name).joined(separator: ", "))", status: .usage)
    }
    guard !directory.isEmpty else {
      throw CommandError("an empty name is no folder", hint: "stemma init NAME", status: .usage)
    }
    let url = URL(filePath: directory, directoryHint: .isDirectory).standardizedFileURL
    let version = try NewDataset(at: url, recipe: starter.recipe).make()
    let path = url.path(percentEncoded: false)
    Output.line("Made a dataset in '\(path)', version \(Output.shortID(version.commit.id.hex)).")
    Output.line(
      "Edit \(path)recipe.yaml, then: stemma run"
        + (directory == "." ? "" : " -C \(ShellWord.quoted(directory))"))
  }
}
