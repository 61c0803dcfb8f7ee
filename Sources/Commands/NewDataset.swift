import ArtifactStore
import CanonicalJSON
import Foundation
import Git
import Hooks
import Prompts

/// Makes a dataset: a repository with a recipe, the prompt templates in use, and hooks.
struct NewDataset {
  private let directory: URL
  private let recipe: String

  init(at directory: URL, recipe: String) {
    self.directory = directory
    self.recipe = recipe
  }

  private var name: String { directory.standardizedFileURL.lastPathComponent }

  func make() throws -> Version {
    let path = directory.path(percentEncoded: false)
    for name in ["recipe.yaml", "dataset.json"] where exists(name) {
      throw CommandError(
        "'\(path)' has a '\(name)' already", hint: "choose a new folder: stemma init NAME")
    }
    // A clone of an empty repository, as hosts make them, becomes the dataset.
    let repository =
      exists(".git")
      ? try Repository.open(at: directory) : try Repository.create(at: directory, branch: "main")
    guard case .branch(let branch, nil) = try repository.head else {
      throw CommandError(
        "'\(path)' is a repository with a history of its own",
        hint: "choose a new folder: stemma init NAME")
    }
    try repository.hideFromWorkingTree(folders: WorkingTree.hiddenFolders)
    try repository.applyDatasetConfiguration()
    try DatasetHook.install(in: repository.commonDirectory.appending(path: "hooks"))
    let store = try Store(at: directory)
    let lock = try store.lock(purpose: "stemma init")
    defer { withExtendedLifetime(lock) {} }
    let writer = try VersionWriter(store, base: nil, deriving: [], run: "init")
    let version = try writer.finish(files: files, taxonomyObjects: [], branch: branch) {
      _ in "Start dataset '\(name)'\n"
    }
    guard let version else { preconditionFailure("a message was given") }
    return version
  }

  private func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(
      atPath: directory.appending(path: name).path(percentEncoded: false))
  }

  private var files: [VersionWriter.File] {
    func file(_ path: String, _ text: String) -> VersionWriter.File {
      VersionWriter.File(path: path, bytes: Array(text.utf8), isGenerated: true)
    }
    return [
      VersionWriter.File(
        path: DatasetIdentity.path, bytes: DatasetIdentity(name: name).bytes, isGenerated: true),
      file("recipe.yaml", recipe),
      file("README.md", card), file(".gitattributes", "*.zst -text -delta\n"),
    ] + BuiltInPrompt.all.map { file("prompts/\($0.task).mustache", $0.text) }
  }

  private var card: String {
    """
    # \(name)

    A generated dataset, versioned with Stemma: `stemma log` lists its versions, `stemma list samples`
    its samples, `stemma trace ID` shows where one comes from. `recipe.yaml` says how it is made.

    """
  }
}
