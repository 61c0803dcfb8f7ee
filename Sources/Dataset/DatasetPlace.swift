import ArtifactStore
package import Git

/// What may lie at which path of a version.
package enum DatasetPlace {
  /// The most bytes of one file of any kind.
  package static let maximumFileSizeInBytes = Shard.maximumSizeInBytes

  /// The folders that hold shards only.
  private static let shardFolders = Set(
    (RecordKind.versioned + [.tombstones]).map(\.rawValue))
  private static let textFolders: Set = ["prompts", "taxonomies", "runs"]
  private static let texts: Set = [
    "recipe.yaml", "dataset.json", "factors.yaml", "strategies.yaml", "recalls.yaml",
  ]
  private static let names = shardFolders.union(textFolders).union(texts).union([
    ArtifactPath.growth, RecordKind.calls.rawValue,
  ])

  /// Says why an entry of a version cannot be where it is; nil where it can.
  package static func fault(of path: String, _ mode: FileMode) -> String? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    let top = String(parts[0])
    guard names.contains(top) else {
      guard let name = names.first(where: { isSameIgnoringCase($0, top) }) else { return nil }
      return "where case does not count it would be '\(name)'"
    }
    if mode == .link { return "it is a link, and a dataset has plain files there" }
    if mode == .submodule { return "it is a submodule, and a dataset has plain files there" }
    if parts.count > 1, texts.contains(top) { return "'\(top)' is a file, not a folder" }
    if parts.count == 1, !texts.contains(top) { return "'\(top)' is a folder, not a file" }
    if top == RecordKind.calls.rawValue {
      return "calls are kept in \(CallReferences.own), not in versions"
    }
    let isArtifact = ArtifactPath(path)?.text == path
    if shardFolders.contains(top), ArtifactPath(path)?.isShard != true || !isArtifact {
      return "only shards can be there: \(top)/<2 digits>/<digest>.jsonl.zst"
    }
    if top == ArtifactPath.growth, ArtifactPath(path)?.isShard != false || !isArtifact {
      return "only artifacts can be there: \(top)/<2 digits>/<digest>.json.zst"
    }
    if top == ArtifactPath.taxonomies, parts.count > 2,
      ArtifactPath(path)?.isShard != false || !isArtifact
    {
      return "only artifacts can be in folders there: \(top)/<2 digits>/<digest>.json.zst"
    }
    return nil
  }

  /// Whether a path is one of the texts that people edit and stages read.
  package static func isSource(_ path: String) -> Bool {
    if texts.contains(path) { return true }
    guard path.hasPrefix("taxonomies/") || path.hasPrefix("prompts/") else { return false }
    return ArtifactPath(path) == nil
  }

  private static func isSameIgnoringCase(_ name: String, _ other: String) -> Bool {
    guard other.utf8.count <= 4 * name.utf8.count else { return false }
    // What file systems pass over when they compare names, beside case.
    let scalars = other.unicodeScalars.filter { !$0.properties.isDefaultIgnorableCodePoint }
    let text = String(String.UnicodeScalarView(scalars))
    return text.lowercased() == name || text.uppercased() == name.uppercased()
  }
}
