import ArgumentParser
import ArtifactStore
import Foundation

/// Where the dataset is.
struct DatasetOptions: ParsableArguments {
  @Option(
    name: [.customShort("C"), .customLong("dataset")],
    help: ArgumentHelp("The dataset's folder.", valueName: "dir"))
  var directory = "."

  var url: URL {
    URL(filePath: directory, directoryHint: .isDirectory).standardizedFileURL
  }

  func store() throws -> Store { try Store(at: url) }
}

/// In which form data is printed.
struct FormOptions: ParsableArguments {
  @Flag(name: .customLong("json"), help: "Print one JSON object a line, each with a \"type\".")
  var isJSON = false
}
