package import ArtifactStore
import Dataset
import Git

/// Checks what is staged for a commit; the working tree does not count.
package struct StagedCheck {
  package private(set) var report = CheckReport()

  private static let maximumTextSizeInBytes = 16 << 20
  private let store: Store

  /// Checks the index.
  ///
  /// Only what neither HEAD nor a commit that is being merged holds is read.
  ///
  /// - Parameters:
  ///   - store: The dataset, opened as the hook's environment says.
  ///   - variable: Gives what an environment variable holds.
  /// - Throws: What is wrong with the recipe, the prompts or the sources, with lines.
  package init(_ store: Store, variable: (String) -> String?) throws {
    self.store = store
    let entries = try store.repository.indexEntries()
    var staged: [String: ObjectID] = [:]
    for entry in entries { staged[entry.path] = entry.content.id }
    let known = try knownPlaces()
    var names = Set<String>()
    // A branch with something else has no recipe, and never had one.
    if [Snapshot.recipePath, DatasetIdentity.path].contains(where: {
      staged[$0] != nil || known[$0] != nil
    }) {
      let snapshot = try Snapshot { path in
        try staged[path].map {
          try store.repository.read($0, as: .blob, maximumSizeInBytes: Self.maximumTextSizeInBytes)
        }
      }
      names = Set(snapshot.recipe.teachers.values.compactMap(\.keyVariable))
    }
    let secrets = SecretScan(
      variables: names.sorted().compactMap { name in variable(name).map { (name, $0) } })
    for entry in entries where known[entry.path]?.contains(entry.content.id) != true {
      try check(entry, secrets)
    }
  }

  /// What the commits that the new one follows hold at each path.
  private func knownPlaces() throws -> [String: [ObjectID]] {
    var known: [String: [ObjectID]] = [:]
    let parents =
      try [store.repository.head.commit].compactMap(\.self) + store.repository.mergeHeads
    for parent in parents {
      let tree = try store.repository.commit(parent).tree
      for file in try store.repository.files(inTree: tree) {
        known[file.path, default: []].append(file.entry.id)
      }
    }
    return known
  }

  private mutating func check(_ entry: IndexEntry, _ secrets: SecretScan) throws {
    let object = entry.content.id
    if let fault = DatasetPlace.fault(of: entry.path, entry.content.mode) {
      return report.add(entry.path, fault, hint: "take it out: 'git rm --cached PATH'")
    }
    guard entry.content.mode == .file || entry.content.mode == .executable else { return }
    guard let path = ArtifactPath(entry.path) else {
      return try checkText(entry, secrets)
    }
    do {
      let frame = try store.repository.read(
        object, as: .blob, maximumSizeInBytes: DatasetPlace.maximumFileSizeInBytes)
      let artifact = try CheckedArtifact(path, frame: frame, object: object, reader: store.reader)
      for finding in secrets.findingsOfValues(in: artifact.bytes) {
        add(finding, in: entry.path)
      }
    } catch let error as StoreError {
      report.add(
        entry.path, error.message, cause: "artifact",
        hint: "'git checkout HEAD -- PATH' takes back the artifact as it was")
    } catch let error as GitError {
      report.add(entry.path, error.message, cause: "object")
    }
  }

  private mutating func checkText(_ entry: IndexEntry, _ secrets: SecretScan) throws {
    guard
      try store.repository.sizeInBytes(of: entry.content.id) <= Self.maximumTextSizeInBytes
    else { return }
    let bytes = try store.repository.read(
      entry.content.id, as: .blob, maximumSizeInBytes: Self.maximumTextSizeInBytes)
    guard TextMerge.isText(bytes) else { return }
    for finding in secrets.findings(in: bytes) { add(finding, in: entry.path) }
  }

  private mutating func add(_ finding: SecretScan.Finding, in path: String) {
    report.add(
      "\(path):\(finding.line)", "here stands \(finding.what)", cause: "secret",
      hint:
        "take it out, and name the variable that holds it with 'api-key-variable'; what was ever "
        + "committed stays in the history, so that such a key must be replaced; where it is no key: 'git commit --no-verify'"
    )
  }
}
