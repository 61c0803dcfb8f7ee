import ArtifactStore
import Dataset
import Foundation
import Git
import Simula

/// The sources as text in a dataset's working tree, and the writing of edits to them.
struct SourceFolder {
  let store: Store
  private let files: DatasetFiles

  static let noSources = CommandError(
    "there is no 'factors.yaml' yet",
    hint: "'stemma run --until strategies' grows taxonomies; 'stemma taxonomy import' takes yours")

  init(_ store: Store) throws {
    guard let root = store.repository.workingDirectory else {
      throw CommandError("a bare repository has no text to edit", hint: "work in a clone")
    }
    self.store = store
    files = DatasetFiles(root: root)
  }

  func read(_ path: String) throws -> [UInt8]? { try files.read(path) }

  /// The sources, or nil before anything was grown.
  func sources() throws -> Sources? {
    try Sources.decode(readFile: { path in try files.read(path) })
  }

  func requireSources() throws -> Sources {
    guard let sources = try sources() else { throw Self.noSources }
    return sources
  }

  /// What an edit does to the samples of a version, of the last one when none is given.
  ///
  /// - Parameters:
  ///   - before: The sources that the samples were made from.
  ///   - after: The sources as edited.
  ///   - version: The version whose samples count.
  ///   - namesSamples: Whether each stale slot is listed with its sample.
  /// - Returns: The effect, ready to be shown.
  /// - Throws: What reading the dataset throws, and ``SimulaError`` when a slot finds no mix.
  func effect(
    from before: Sources?, to after: Sources, against version: Version? = nil,
    namesSamples: Bool = false
  ) throws -> EffectText {
    let snapshot = try Snapshot(read: read).with(after)
    let version = try version ?? store.head()
    let instances = snapshot.recipe.metaPrompts.instances
    let use =
      try version.map { try SlotUse($0, instances: instances, naming: namesSamples) } ?? SlotUse()
    let effect = try SourceEffect(
      from: before, to: after, recipe: snapshot.recipe, use: use,
      plan: try RunPlan(snapshot, base: version),
      recalls: (
        before: try version?.file(Recalls.path).map(RecallsText.decode) ?? Recalls(),
        after: snapshot.recalls
      ))
    let cost =
      try effect.staleSlots.isEmpty ? nil : version.flatMap { try AnswerCost($0) }
    return EffectText(effect: effect, use: use, cost: cost)
  }

  func recipe() throws -> Recipe {
    guard let text = try files.read(Snapshot.recipePath) else {
      throw CommandError("there is no 'recipe.yaml'", status: .noDataset)
    }
    return try Recipe(
      parsing: text,
      readReference: { path in
        try files.read(path).map { String(decoding: $0, as: UTF8.self) }
      })
  }

  /// Writes the files of an edit; under the writer lock, so that no run reads half of it.
  ///
  /// - Throws: ``CommandError`` when a file is no longer what the edit was made from.
  func write(_ changes: [SourcePatch.File], from known: [String: [UInt8]?]) throws {
    let lock = try store.lock(purpose: "stemma taxonomy")
    defer { withExtendedLifetime(lock) {} }
    for (path, bytes) in known.sorted(by: { $0.key < $1.key })
    where try files.read(path) != bytes {
      throw CommandError(
        "'\(path)' was changed meanwhile", hint: "nothing was written; give the command again")
    }
    for file in changes { try files.write(file.path, file.bytes) }
  }
}
