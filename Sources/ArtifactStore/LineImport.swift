package import Git

/// Takes the lines of a file as the imported records of a new version.
package struct LineImport: Sendable {
  package struct Report: Sendable {
    package let counts: VersionWriter.LineCounts
    package let sizeInBytes: Int
    package let difference: VersionWriter.Difference
    package let datasetDigest: Digest
    /// Nil when the version that is there holds the same.
    package let version: ObjectID?
  }

  private let store: Store
  private let didRead: @Sendable (_ sizeInBytes: Int) -> Void

  /// Prepares an import.
  ///
  /// - Parameters:
  ///   - store: The dataset.
  ///   - didRead: Told how many bytes were read so far.
  package init(
    _ store: Store, didRead: @escaping @Sendable (_ sizeInBytes: Int) -> Void = { _ in }
  ) {
    self.store = store
    self.didRead = didRead
  }

  /// Makes a version whose imported records are these lines and no others.
  ///
  /// - Parameters:
  ///   - descriptor: An open file or pipe of lines.
  ///   - name: What messages call it.
  /// - Returns: What was read, and what changed.
  /// - Throws: ``StoreError``; the dataset is then as it was.
  package func replace(
    with descriptor: Int32, name: String
  ) throws -> Report {
    let lock = try store.lock(purpose: "stemma import")
    defer { withExtendedLifetime(lock) {} }
    try WorkingTree(store).prepare()
    guard case .branch(let branch, _) = try store.repository.head else {
      throw StoreError(
        .refused, "HEAD names no branch, so that a version would belong to none",
        hint: "make one with 'git switch -c NAME'")
    }
    let base = try store.head()
    let writer = try VersionWriter(
      store, base: base, deriving: [.imports], run: "import")
    var counts = VersionWriter.LineCounts()
    var reader = LineReader(descriptor, name: name)
    while try reader.next({ (lines) throws(StoreError) in
      try writer.keep(lines: lines, as: .imports, counting: &counts)
    }) { didRead(reader.sizeInBytes) }
    var summary: VersionWriter.Summary?
    let version = try writer.finish(files: [], branch: branch) { made in
      summary = made
      guard !made.difference.isEmpty else { return nil }
      return message(made, counts, name, memos: base?.memos ?? Trailers())
    }
    guard let summary else { throw StoreError(.io, "the import ended without a summary") }
    return Report(
      counts: counts, sizeInBytes: reader.sizeInBytes, difference: summary.difference,
      datasetDigest: summary.datasetDigest, version: version?.commit.id)
  }

  private func message(
    _ summary: VersionWriter.Summary, _ counts: VersionWriter.LineCounts, _ name: String,
    memos: Trailers
  ) -> String {
    let difference = summary.difference
    var entries = [
      ("Dataset-Digest", summary.datasetDigest.hex), ("Dataset-Tree", summary.tree.hex),
    ]
    // What stages remember stays true: none of them reads imports.
    for name in ["Samples", "Partial", "Stage"] {
      entries += memos.all(name).map { (name, $0) }
    }
    return """
      Import \(counts.kept) records

      From: \(name)
      Records: \(difference.added) added, \(difference.revived) returned, \
      \(difference.removed) removed.

      \(Trailers(entries).text)
      """
  }
}
