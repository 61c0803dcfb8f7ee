import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Prompts
import Starters

/// Makes a dataset: a repository with a recipe, the prompt templates in use, and hooks.
struct NewDataset {
  private let directory: URL
  private let starter: Starter

  init(at directory: URL, _ starter: Starter) {
    self.directory = directory
    self.starter = starter
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
    try HookInstallation.setUp(repository)
    let store = try Store(at: directory)
    let lock = try store.lock(purpose: "stemma init")
    defer { withExtendedLifetime(lock) {} }
    let writer = try VersionWriter(store, base: nil, deriving: [], run: "init")
    let version = try writer.finish(files: try files, taxonomyObjects: [], branch: branch) {
      _ in "Start dataset '\(name)'\n"
    }
    guard let version else { preconditionFailure("a message was given") }
    return version
  }

  private func exists(_ name: String) -> Bool {
    FileManager.default.fileExists(
      atPath: directory.appending(path: name).path(percentEncoded: false))
  }

  /// The taxonomies that the starter comes with, and bare factors for the others of its recipe.
  private var sources: Sources? {
    get throws {
      guard !starter.outlines.isEmpty else { return nil }
      let outlines = try starter.outlines.map { text in
        try Outline(Array(text.utf8), format: .markdown, path: starter.name)
      }
      let recipe = try Recipe(parsing: starter.recipe, readReference: { _ in nil })
      var sources = Sources(taxonomies: [], strategies: [])
      for factor in recipe.factors ?? [] {
        let outline =
          try outlines.first { $0.root.name == factor }
          ?? Outline(Array("# \(factor)".utf8), format: .markdown, path: starter.name)
        sources = try OutlineImport(
          outline, into: sources, factor: nil, path: starter.name
        ).sources
      }
      return sources
    }
  }

  private var files: [VersionWriter.File] {
    get throws {
      func file(_ path: String, _ text: String) -> VersionWriter.File {
        VersionWriter.File(path: path, bytes: Array(text.utf8), isGenerated: true)
      }
      return [
        VersionWriter.File(
          path: DatasetIdentity.path, bytes: DatasetIdentity(name: name).bytes, isGenerated: true),
        file("recipe.yaml", starter.recipe),
        file("README.md", card), file(DatasetAttributes.path, DatasetAttributes.text),
      ] + BuiltInPrompt.all.map { file("prompts/\($0.task).mustache", $0.text) }
        + (try sources?.encode() ?? []).map { file($0.path, $0.text) }
    }
  }

  private var card: String {
    """
    # \(name)

    A generated dataset, versioned with Stemma: `stemma log` lists its versions, `stemma list samples`
    its samples, `stemma trace ID` shows where one comes from. `recipe.yaml` says how it is made.

    """
  }
}
