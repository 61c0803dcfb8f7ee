import ArtifactStore
import CanonicalJSON
import Dataset
import Simula

/// An edit of the sources on its way to the working tree: shown, confirmed, written.
struct TaxonomyChange {
  let folder: SourceFolder
  let before: Sources?
  let outcome: SourceEdit.Outcome
  /// A file as a person wrote it, which stands for what would be written there.
  var own: (path: String, bytes: [UInt8])?

  /// Shows the effect, and writes the files when it is confirmed.
  ///
  /// - Returns: Whether the files were written.
  @discardableResult
  func apply(_ options: ApplyOptions, isJSON: Bool) async throws -> Bool {
    let empty = Sources(taxonomies: [], strategies: [])
    let patch = try SourcePatch(from: before ?? empty, to: outcome.sources) { path in
      try folder.read(path)
    }
    var files = patch.files
    if let own {
      files.removeAll { $0.path == own.path }
      files.append(SourcePatch.File(path: own.path, bytes: own.bytes))
    }
    var known: [String: [UInt8]?] = [:]
    for path in ["factors.yaml", "strategies.yaml"] + files.map(\.path) {
      known[path] = .some(try folder.read(path))
    }
    files.removeAll { known[$0.path] == .some($0.bytes) }
    var text = try folder.effect(from: before, to: outcome.sources, namesSamples: isJSON)
    text.dropped = outcome.dropped
    text.notes =
      outcome.notes
      + files.filter(\.isRewritten).map { "comments in '\($0.path)' are lost" }
    if !isJSON {
      text.print()
      if files.isEmpty { Output.line("No file changes.") }
    }
    let isApplied: Bool
    if files.isEmpty {
      isApplied = false
    } else {
      do {
        isApplied = try await options.decide("Change \(Plural.text(files.count, "file"))?")
      } catch {
        if isJSON { printJSON(text, files, isApplied: false) }
        throw error
      }
    }
    if isApplied { try folder.write(files, from: known) }
    if isJSON { return printJSON(text, files, isApplied: isApplied) }
    guard !files.isEmpty else { return false }
    if isApplied {
      Output.line("Changed: \(files.map(\.path).joined(separator: ", ")).")
      Output.line("'stemma run' brings the samples up to date and commits.")
    } else {
      Output.line("Nothing was changed.")
    }
    return isApplied
  }

  @discardableResult
  private func printJSON(
    _ text: EffectText, _ files: [SourcePatch.File], isApplied: Bool
  ) -> Bool {
    text.printJSON([
      ("files", .array(files.map { .string($0.path) })), ("applied", .bool(isApplied)),
    ])
    return isApplied
  }
}
