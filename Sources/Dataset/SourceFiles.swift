extension Sources {
  /// Reads the texts of a dataset; nil when there is no `factors.yaml`, before the first run.
  ///
  /// The closure reads the bytes at a path relative to the dataset, or returns nil when there is no
  /// such file.
  ///
  /// - Throws: ``SourceErrors`` of the first of taxonomies and strategies that has any.
  package static func decode(
    readFile: (String) throws -> [UInt8]?
  ) throws(SourceErrors) -> Sources? {
    guard let bytes = try read(FactorsText.path, readFile) else { return nil }
    let entries = try FactorsText.decode(bytes)
    var errors: [SourceError] = []
    var taxonomies: [TaxonomyText.Placed] = []
    for entry in entries {
      do throws(SourceErrors) {
        taxonomies.append(try taxonomy(of: entry, readFile))
      } catch {
        errors += error.errors
      }
    }
    guard errors.isEmpty else { throw SourceErrors(errors) }
    try checkIdentities(of: taxonomies, entries)
    let trees = taxonomies.map(\.taxonomy)
    guard let bytes = try read(StrategyText.path, readFile) else {
      return Sources(taxonomies: trees, strategies: [])
    }
    return Sources(taxonomies: trees, strategies: try StrategyText.decode(bytes, in: trees))
  }

  /// The texts of all files, in the order factors, taxonomies, strategies.
  package func encode() -> [(path: String, text: String)] {
    var files = [(path: FactorsText.path, text: FactorsText.encode(taxonomies))]
    for (taxonomy, file) in zip(taxonomies, FactorsText.files(of: taxonomies)) {
      files.append(("taxonomies/\(file)", TaxonomyText.encode(taxonomy)))
    }
    files.append((StrategyText.path, StrategyText.encode(strategies, in: taxonomies)))
    return files
  }

  private static func read(
    _ path: String, _ readFile: (String) throws -> [UInt8]?
  ) throws(SourceErrors) -> [UInt8]? {
    do {
      return try readFile(path)
    } catch {
      let reason = Quote.plain("\(error)", longest: 200)
      throw SourceErrors(path: path, [TextProblem(.start, "cannot be read: \(reason)")])
    }
  }

  private static func taxonomy(
    of entry: FactorsText.Entry, _ readFile: (String) throws -> [UInt8]?
  ) throws(SourceErrors) -> TaxonomyText.Placed {
    guard let bytes = try read(entry.path, readFile) else {
      throw SourceErrors(
        path: FactorsText.path,
        [
          TextProblem(
            entry.place,
            "the factor \(Quote.of(entry.name)) has no file '\(entry.path)'",
            hint: "restore the file, or remove the line")
        ])
    }
    let placed = try TaxonomyText.placed(bytes, path: entry.path)
    let root = placed.taxonomy.root
    guard root.id == entry.id else {
      throw SourceErrors(
        path: FactorsText.path,
        [
          TextProblem(
            entry.place, "the id '\(entry.id)' is not that of '\(entry.path)', '\(root.id)'",
            hint: "write the same id in both")
        ])
    }
    guard root.name == entry.name else {
      throw SourceErrors(
        path: FactorsText.path,
        [
          TextProblem(
            entry.place,
            "the factor \(Quote.of(entry.name)) is \(Quote.of(root.name)) in '\(entry.path)'",
            hint: "write the same name in both")
        ])
    }
    return placed
  }

  /// Makes sure that an id means one node, whatever the factor.
  private static func checkIdentities(
    of taxonomies: [TaxonomyText.Placed], _ entries: [FactorsText.Entry]
  ) throws(SourceErrors) {
    var paths: [NodeID: String] = [:]
    for (placed, entry) in zip(taxonomies, entries) {
      for node in placed.taxonomy.nodes {
        if let other = paths[node.id] {
          let place = placed.places[node.id] ?? .start
          throw SourceErrors(
            path: entry.path,
            [
              TextProblem(
                place, "the node \(Quote.of(node.name)) has an id that is in '\(other)' too",
                hint: "a branch cannot be in two factors; leave the ids of copied lines out")
            ])
        }
        paths[node.id] = entry.path
      }
    }
  }
}
