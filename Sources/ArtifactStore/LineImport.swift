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

  /// What becomes of the imported records that are there.
  package enum Mode: Sendable {
    /// They go, unless a line is equal.
    case replace
    /// They stay, unless a line has the same key.
    case change
  }

  /// By what a record is the same after a change.
  package enum KeyChoice: Sendable {
    case asBefore
    case field(RecordKey)
    case none
  }

  /// Makes a version out of lines.
  ///
  /// - Parameters:
  ///   - descriptor: An open file or pipe of lines.
  ///   - name: What messages call it.
  ///   - mode: What becomes of the records that are there.
  ///   - key: The member that makes a record the same after a change.
  ///   - allowsEmpty: Whether a file without lines may remove all imported records.
  /// - Returns: What was read, and what changed.
  /// - Throws: ``StoreError``; the dataset is then as it was.
  package func run(
    _ descriptor: Int32, name: String, mode: Mode, key: KeyChoice = .asBefore,
    allowsEmpty: Bool = false
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
    var identity = try identity(of: base)
    let wanted: RecordKey?
    switch key {
    case .asBefore: wanted = identity.importKey
    case .field(let key): wanted = key
    case .none: wanted = nil
    }
    let isNewKey = wanted != identity.importKey
    if isNewKey { identity.importKey = wanted }
    guard mode == .replace || identity.importKey != nil else {
      throw StoreError(
        .refused, "the dataset names no key by which changed records are found",
        hint: "name the member that tells records apart: --key FIELD")
    }
    let writer = try VersionWriter(
      store, base: base, deriving: [.imports], run: Self.runID(), key: identity.importKey)
    var counts = VersionWriter.LineCounts()
    var reader = LineReader(descriptor, name: name)
    while try reader.next({ (lines) throws(StoreError) in
      try writer.keep(lines: lines, as: .imports, counting: &counts)
    }) { didRead(reader.sizeInBytes) }
    if mode == .change {
      try writer.keepRest(of: .imports)
    } else if counts.kept == 0, !allowsEmpty, let base, try base.liveCount(.imports) > 0 {
      throw StoreError(
        .refused, "\(name) has no lines, and its import would remove all imported records",
        hint: "'--allow-empty' does that")
    }
    var summary: VersionWriter.Summary?
    let file = VersionWriter.File(
      path: DatasetIdentity.path, bytes: identity.bytes, isGenerated: true)
    let version = try writer.finish(files: isNewKey ? [file] : [], branch: branch) { made in
      summary = made
      guard !made.difference.isEmpty || isNewKey else { return nil }
      let title =
        made.difference.isEmpty
        ? "Set the import key to '\(identity.importKey?.field ?? "")'"
        : mode == .change
          ? "Import \(counts.kept) changed or new records"
          : "Import \(counts.kept) records"
      return message(title, made, name, memos: base?.memos ?? Trailers())
    }
    guard let summary else { throw StoreError(.io, "the import ended without a summary") }
    if isNewKey, wanted != nil, let version {
      // The index knows the keys only of what was added under this key: it is made anew.
      try store.index.forget()
      try store.index.catchUp(tree: version.tree)
    }
    return Report(
      counts: counts, sizeInBytes: reader.sizeInBytes, difference: summary.difference,
      datasetDigest: summary.datasetDigest, version: version?.commit.id)
  }

  private func identity(of base: Version?) throws(StoreError) -> DatasetIdentity {
    guard let bytes = try base?.file(DatasetIdentity.path), let known = DatasetIdentity(bytes)
    else {
      throw StoreError(
        .refused,
        base == nil
          ? "there is no version to import into"
          : "this repository is no dataset of format 1: '\(DatasetIdentity.path)' is missing or says so",
        hint: base == nil
          ? "'stemma init' here makes the first one" : "make a dataset with 'stemma init NAME'")
    }
    return known
  }

  /// Tombstones of two imports must differ, or a removal that was taken back would not hold again.
  private static func runID() -> String {
    let random = (0..<4).map { _ in UInt8.random(in: 0...UInt8.max) }
    return "import-\(Store.now)-\(Hex.text(random))"
  }

  private func message(
    _ title: String, _ summary: VersionWriter.Summary, _ name: String, memos: Trailers
  ) -> String {
    let difference = summary.difference
    var entries = summary.memos
    // What stages remember stays true: none of them reads imports.
    for name in ["Samples", "Partial", "Stage"] {
      entries += memos.all(name).map { (name, $0) }
    }
    return """
      \(title)

      From: \(name)
      Records: \(difference.added) added, \(difference.revived) returned, \
      \(difference.removed) removed.

      \(Trailers(entries).text)
      """
  }
}
