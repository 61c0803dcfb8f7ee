package import ArtifactStore
package import Git

/// Merges the texts that people edit: taxonomies node by node, factors and strategies entry by entry, and
/// anything else line by line.
package enum SourceTextMerge {
  /// A merged text.
  package struct Result: Sendable {
    /// The text, with markers where both sides changed the same thing differently.
    package let bytes: [UInt8]
    package let hasConflicts: Bool
  }

  /// Merges two texts that come from one.
  ///
  /// Comments and spacing of both sides stay where lines can be merged, else those of our side.
  ///
  /// - Parameters:
  ///   - path: The path in the dataset, which tells what kind of text it is.
  ///   - base: What both started from, nil when both added the file.
  ///   - ours: One side.
  ///   - theirs: The other side.
  ///   - names: What the markers call the two sides.
  ///   - markerSize: How many characters a marker has.
  /// - Returns: The merged text.
  /// - Throws: ``GitError`` when lines cannot be merged.
  package static func merge(
    _ path: String, base: [UInt8]?, ours: [UInt8], theirs: [UInt8],
    names: (ours: String, theirs: String), markerSize: Int = 7
  ) throws(GitError) -> Result {
    let lines = Lines(
      names: names, markerSize: markerSize,
      keepsBoth: DatasetAttributes.keepsLinesOfBoth(path))
    let plain = try lines.merge(base, ours, theirs)
    guard [base ?? [], ours, theirs].allSatisfy({ $0.count <= SourceText.maximumSize }) else {
      return plain
    }
    if path.hasPrefix("taxonomies/"), path.hasSuffix(".yaml") {
      return try taxonomy(path, base, ours, theirs, lines, plain) ?? plain
    }
    if path == FactorsText.path || path == StrategyText.path {
      return try EntryMerge(base, ours, theirs)?.result(lines, plain) ?? plain
    }
    return plain
  }

  /// How lines are merged.
  struct Lines {
    let names: (ours: String, theirs: String)
    let markerSize: Int
    var keepsBoth = false

    func merge(
      _ base: [UInt8]?, _ ours: [UInt8], _ theirs: [UInt8]
    ) throws(GitError) -> Result {
      let merge = try TextMerge(
        base: base, ours: ours, theirs: theirs, names: names, markerSize: markerSize,
        keepsBoth: keepsBoth)
      return Result(bytes: merge.bytes, hasConflicts: merge.hasConflicts)
    }
  }

  private static func taxonomy(
    _ path: String, _ base: [UInt8]?, _ ours: [UInt8], _ theirs: [UInt8], _ lines: Lines,
    _ plain: Result
  ) throws(GitError) -> Result? {
    func decode(_ text: [UInt8]) -> Taxonomy? { try? TaxonomyText.decode(text, path: path) }
    guard let own = decode(ours), let other = decode(theirs) else { return nil }
    let old = base.flatMap(decode)
    guard base == nil || old != nil else { return nil }
    let merge = TaxonomyMerge(base: old, ours: own, theirs: other)
    guard let merged = merge.result(favouring: .ours) else { return nil }
    func text(_ taxonomy: Taxonomy) -> [UInt8] {
      SourcePatch.patched(
        ours, from: TaxonomyText.encode(own), to: TaxonomyText.encode(taxonomy)
      ) { decode($0) == taxonomy }.bytes
    }
    if merged.conflicts.isEmpty {
      let isSame = decode(plain.bytes).map { Set($0.nodes) == Set(merged.taxonomy.nodes) } ?? false
      if !plain.hasConflicts, isSame { return plain }
      return Result(bytes: text(merged.taxonomy), hasConflicts: false)
    }
    // Texts that differ only in what the sides disagree on: markers stand there and nowhere else.
    if let before = merge.result(favouring: .base), let after = merge.result(favouring: .theirs) {
      let marked = try lines.merge(
        text(before.taxonomy), text(merged.taxonomy), text(after.taxonomy))
      if marked.hasConflicts { return marked }
    }
    return plain.hasConflicts
      ? plain : Result(bytes: text(merged.taxonomy), hasConflicts: true)
  }
}

extension VersionMerge {
  /// Prepares a merge of a version into the present branch, texts as a dataset's sources are merged.
  ///
  /// - Parameters:
  ///   - store: The dataset.
  ///   - theirs: The other version.
  ///   - name: What it is called in the message and in conflict markers.
  package init(_ store: Store, with theirs: Version, name: String) {
    self.init(store, with: theirs, name: name) {
      (path, base, ours, theirs, names) throws(GitError) in
      let merge = try SourceTextMerge.merge(
        path, base: base, ours: ours, theirs: theirs, names: names)
      return (merge.bytes, merge.hasConflicts)
    }
  }
}
