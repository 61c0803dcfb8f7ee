import ArtifactStore
package import Dataset

/// Makes factors, taxonomies and strategies with models, and joins them with a person's text.
package struct SourceGrowth: Sendable {
  private let asker: Asker
  private let log: GrowthLog
  private let progress: ProgressBoard
  private let merge: SourceMerge
  private let reused: [NodeID: Taxonomy]
  private let replanNumber: Int
  private let ours: Sources?
  private let ownText: Set<StageName>

  /// Sets up growth.
  ///
  /// - Parameters:
  ///   - asker: Asks the models.
  ///   - log: Takes what they proposed and decided.
  ///   - progress: Is told of each node.
  ///   - base: The sources as last generated, or nil.
  ///   - ours: The text as it stands, or nil.
  ///   - ownText: Stages whose text no model made: it is taken as it is, and nothing is asked.
  ///   - reused: Grown trees that are taken as they are, by their factors.
  ///   - replanNumber: How often strategies were planned before, when they shall be others.
  package init(
    _ asker: Asker, log: GrowthLog, progress: ProgressBoard, base: Sources?, ours: Sources?,
    keeping ownText: Set<StageName> = [], reused: [NodeID: Taxonomy] = [:], replanNumber: Int = 0
  ) {
    self.ours = ours
    self.ownText = ownText
    self.reused = reused
    self.replanNumber = replanNumber
    self.asker = asker
    self.log = log
    self.progress = progress
    merge = SourceMerge(base: base, ours: ours)
  }

  /// Grows everything up to a stage; what was grown before comes from the cache.
  ///
  /// Each stage reads what the one before it came to after the merge: a person's text counts, not
  /// what was once generated.
  ///
  /// - Returns: The sources to go on with, and what was grown before the merge.
  /// - Throws: What asking throws, or ``SimulaError`` when a factor cannot be divided.
  package func run(
    until stage: StageName
  ) async throws -> (sources: Sources, grown: Sources) {
    progress.start(.factors)
    let proposed = try await proposeFactors()
    let factors = merge.factors(proposed)
    guard stage > .factors else {
      return (merge.keepingOwn(factors), merge.grown(factors: proposed))
    }
    let grown = try await grow(factors)
    let taxonomies = merge.taxonomies(grown, factors: factors)
    guard stage > .taxonomies else {
      return (merge.keepingOwn(taxonomies), merge.grown(factors: proposed, taxonomies: grown))
    }
    progress.start(.strategies)
    let planned = try await StrategyStage(asker, log: log, taxonomies: taxonomies)
      .run(again: replanNumber)
    return (
      merge.strategies(planned, taxonomies: taxonomies),
      merge.grown(factors: proposed, taxonomies: grown, strategies: planned)
    )
  }

  /// The factors as trees of one node each.
  private func proposeFactors() async throws -> [Taxonomy] {
    if let ours, ownText.contains(.factors) {
      return ours.taxonomies.map { Taxonomy(nodes: [$0.root]) }
    }
    return try await FactorStage(asker, log: log).run().map { name in
      let id = NodeID(bornUnder: nil, name: name)
      return Taxonomy(nodes: [Taxonomy.Node(id: id, parent: nil, name: name)])
    }
  }

  private func grow(_ factors: [Taxonomy]) async throws -> [Taxonomy] {
    if let ours, ownText.contains(.taxonomies) { return ours.taxonomies }
    progress.start(.taxonomies)
    return try await withThrowingTaskGroup(of: (Int, Taxonomy).self) { group in
      for (index, factor) in factors.enumerated() where reused[factor.root.id] == nil {
        let stage = TaxonomyStage(asker, log: log, factor: factor.root) { [progress] in
          progress.advance()
        }
        group.addTask { (index, try await stage.run()) }
      }
      var taxonomies: [Int: Taxonomy] = [:]
      while let (index, taxonomy) = try await group.next() { taxonomies[index] = taxonomy }
      return factors.indices.compactMap { taxonomies[$0] ?? reused[factors[$0].root.id] }
    }
  }
}
