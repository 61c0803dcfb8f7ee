import ArtifactStore
import CanonicalJSON
package import Dataset
import Git
import Pipeline

/// What a regrowth would make of the sources, before anything is written.
package struct RegrowthResult: Sendable {
  package let before: Sources
  package let after: Sources
  package let recipe: Recipe
  package let added: [Taxonomy.Node]
  package let removed: [Taxonomy.Node]
  /// What a person should know that is no error.
  package let notices: [String]
}

/// How many answers a regrowth needs when each of them can be used.
package struct RegrowthPlan: Sendable, Hashable {
  package let number: Int
  package let least: Int
  package let most: Int

  /// Works out a regrowth by the recipe.
  ///
  /// - Throws: ``SimulaError`` when the node lies at the recipe's depth.
  package init(
    of node: NodeID, in taxonomy: Taxonomy, knobs: TaxonomyKnobs, records: GrowthRecords
  ) throws(SimulaError) {
    let level = taxonomy.level(of: node)
    guard level < knobs.depth else {
      throw SimulaError(
        .sources,
        "'\(taxonomy.find(node)?.name ?? node.text)' is on level \(level), and the recipe's depth is "
          + "\(knobs.depth)",
        hint: "regrow a node further up, or raise 'depth' in recipe.yaml and run")
    }
    number = records.regrowthCount(of: node) + 1
    least = RegrowthPlan.calls(knobs, below: level, children: 2)
    most = RegrowthPlan.calls(knobs, below: level, children: knobs.childrenCap)
  }

  /// How many answers a whole factor takes with as many children as the recipe has in mind.
  static func likelyCalls(_ knobs: TaxonomyKnobs) -> Int {
    let range = knobs.children
    return calls(knobs, below: 0, children: (range.lowerBound + range.upperBound + 1) / 2)
  }

  private static func calls(_ knobs: TaxonomyKnobs, below level: Int, children: Int) -> Int {
    var expanded = 0
    var width = 1
    for _ in level..<knobs.depth {
      expanded += min(width, knobs.frontierCap)
      width = min(width, knobs.frontierCap) * children
    }
    return expanded * (knobs.proposals + 1) + (knobs.usesLevelPlans ? knobs.depth - level - 1 : 0)
  }
}

extension GrowthRun {
  /// Grows what is below a node again, merges it, and commits it when a person agrees.
  func regrow(
    _ node: NodeID, base: Version?, agrees: @Sendable (RegrowthResult) async throws -> Bool,
    _ report: inout RunReport
  ) async throws {
    let known = try GrowthRecords(base)
    let ours = try currentSources()
    guard let tree = ours.taxonomy(holding: node) else {
      throw SimulaError(.sources, "the node '\(node)' is in no taxonomy")
    }
    let recipe = context.snapshot.recipe
    let plan = try RegrowthPlan(of: node, in: tree, knobs: recipe.taxonomy, records: known)
    let regrowth = Regrowth(of: node, number: plan.number)
    let log = GrowthLog()
    context.progress.start(.taxonomies)
    let level = tree.level(of: node)
    let grown = try await TaxonomyStage(
      context.asker, log: log, regrowing: regrowth, in: tree,
      plan: level > 0 && recipe.taxonomy.usesLevelPlans
        ? known.plan(ofLevel: level, in: tree.root.id) : "",
      expanded: { [context] in context.progress.advance() }
    ).run()
    try await context.calls.seal()
    tell(log, &report)
    let last = try GrowthObject.find(in: base)
    let merge = RegrowthMerge(
      node: node, grown: grown, base: last?.tree(of: tree.root.id), ours: ours)
    let result = RegrowthResult(
      before: ours, after: merge.sources, recipe: recipe,
      added: merge.added, removed: merge.removed, notices: merge.notices)
    for notice in merge.notices { observer.notice(notice) }
    report.notices += merge.notices
    guard try await agrees(result) else { return }
    let name = tree.find(node)?.name ?? ""
    var growth = last
    if let sources = last.flatMap({ merge.growth(in: $0.sources) }) { growth?.sources = sources }
    let outcome = Outcome(
      sources: merge.sources, grown: growth,
      records: known.all + log.records, until: .taxonomies,
      title: "Regrow '\(name.prefix(60))': \(merge.added.count) nodes new, "
        + "\(merge.removed.count) gone", ownText: context.plan.ownText,
      parameters: ["regrow": .string(node.text)])
    if let version = try commit(outcome, base: base) { report.versions.append(version.commit.id) }
  }

  /// The text, which must be what its own definition says: else a run would grow it anew.
  private func currentSources() throws(SimulaError) -> Sources {
    guard let sources = context.snapshot.sources,
      [.factors, .taxonomies].allSatisfy({ context.plan.freshness($0) == .fresh })
    else {
      throw SimulaError(
        .sources, "the taxonomies are not up to date with the recipe",
        hint: "'stemma run --until taxonomies' first")
    }
    return sources
  }
}
