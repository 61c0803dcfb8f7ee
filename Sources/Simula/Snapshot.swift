package import ArtifactStore
package import Dataset
package import Foundation
import Pipeline

/// What people and earlier runs decided, as it stands in the working tree at one moment.
package struct Snapshot: Sendable {
  package let recipe: Recipe
  package let prompts: PromptSet
  /// Nil where factors.yaml is missing.
  package private(set) var sources: Sources?
  /// What must never be used again.
  package private(set) var recalls: Recalls
  /// The bytes that were read, by path.
  package let files: [(path: String, bytes: [UInt8])]

  package static let recipePath = "recipe.yaml"

  /// Reads and checks everything through a function that gives a path's bytes, nil for no file.
  package init(read: (String) throws -> [UInt8]?) throws {
    var files: [(path: String, bytes: [UInt8])] = []
    func file(_ path: String) throws -> [UInt8]? {
      guard let bytes = try read(path) else { return nil }
      if !files.contains(where: { $0.path == path }) { files.append((path, bytes)) }
      return bytes
    }
    guard let text = try file(Self.recipePath) else {
      throw StoreError(
        .notFound, "there is no 'recipe.yaml'",
        hint: "in a dataset: 'git checkout HEAD -- recipe.yaml'; a new one: 'stemma init NAME'")
    }
    recipe = try Recipe(
      parsing: text,
      readReference: { path in
        try file(path).map { String(decoding: $0, as: UTF8.self) }
      })
    var templates: [PromptTask: [UInt8]] = [:]
    for task in PromptTask.allCases { templates[task] = try file(task.path) }
    prompts = try PromptSet(templates)
    sources = try Sources.decode(readFile: { path in try file(path) })
    recalls = try file(Recalls.path).map(RecallsText.decode) ?? Recalls()
    self.files = files
  }

  /// Reads the files below a folder.
  package init(workingDirectory root: URL) throws {
    let files = DatasetFiles(root: root)
    try self.init { path in try files.read(path) }
  }

  /// The same with other sources, as an edit would leave them.
  package func with(_ sources: Sources) -> Snapshot {
    var snapshot = self
    snapshot.sources = sources
    return snapshot
  }

  /// The same with other recalls.
  func with(_ recalls: Recalls) -> Snapshot {
    var snapshot = self
    snapshot.recalls = recalls
    return snapshot
  }

  package init(_ version: Version) throws {
    try self.init { path in try version.file(path) }
  }

  /// The hash of what defines a stage.
  func key(of stage: StageName) -> StageKey { stage.key(recipe, prompts, recalls) }

  /// The digest of the sources, whatever their comments and spacing.
  package static func digest(_ sources: Sources) -> Digest {
    var hash = FramedHash(domain: "stemma sources 1")
    for (path, text) in sources.encode() {
      hash.add(path)
      hash.add(text)
    }
    return hash.finish()
  }
}
