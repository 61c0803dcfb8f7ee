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
    // The usual one is known as it is.
    guard directory != "." else {
      return URL(
        filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory)
    }
    return URL(filePath: directory, directoryHint: .isDirectory).standardizedFileURL
  }

  /// Opens the dataset; when much of its index is to be made, a line tells of it.
  func store() throws -> Store {
    let store = try Store(at: url)
    let reporter = RunReporter()
    store.index.follow { kind, done, total in
      CountProgress.show("shards of \(kind.rawValue) indexed", done, of: total, on: reporter)
      if done == total { reporter.end() }
    }
    return store
  }
}

/// In which form data is printed.
struct FormOptions: ParsableArguments {
  @Flag(name: .customLong("json"), help: "Print one JSON object a line, each with a \"type\".")
  var isJSON = false
}
