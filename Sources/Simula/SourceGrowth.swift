import ArtifactStore
import Dataset

/// Makes factors, taxonomies and strategies with models, and joins them with a person's text.
struct SourceGrowth: Sendable {
  /// What is asked, and what is taken as it is.
  struct Scope: Sendable {
    /// The growth that the text was last merged with.
    var base: GrownSources?
    /// The text as it stands, or nil.
    var ours: Sources?
    /// Whether factors are proposed; if not, those of the text are taken.
    var asksFactors = true
    /// The factors of the text that are roots alone and wait for models to divide them.
    var bareRoots = Set<NodeID>()
    /// Whether trees that models grew are grown again, since they are defined otherwise now.
    var regrows = false
    /// Grown trees that stand for factors which the text lacks, by their factors.
    var reused: [NodeID: Taxonomy] = [:]
    /// Whether strategies are planned; if not, those of the text are taken as long as any is left.
    var plansStrategies = true
    /// How often strategies were planned before, when they shall be others.
    var replanNumber = 0
    /// What strategies that are planned again must not build on.
    var recalled = Set<NodeID>()
  }

  /// What growing came to.
  struct Outcome: Sendable {
    var sources: Sources
    var grown: GrownSources
    /// The factors whose trees were asked for.
    var askedFactors = Set<NodeID>()
    var isPlanned = false
  }

  private let asker: Asker
  private let log: GrowthLog
  private let progress: ProgressBoard
  private let scope: Scope
  private let merge: SourceMerge
  private let base: GrownSources

  /// Sets up growth that tells a log what models proposed and decided, and a board of each node.
  init(_ asker: Asker, log: GrowthLog, progress: ProgressBoard, scope: Scope) {
    self.asker = asker
    self.log = log
    self.progress = progress
    self.scope = scope
    base = scope.base ?? GrownSources()
    // What is grown for the first time has no past: a root alone is no removal of what was below.
    var known = base.sources
    known.taxonomies.removeAll {
      scope.bareRoots.contains($0.root.id) && $0.nodes.count > 1
    }
    merge = SourceMerge(base: known, ours: scope.ours, ownFactors: base.ownFactors)
  }

  /// Grows everything up to a stage; what was grown before comes from the cache.
  ///
  /// Each stage reads what the one before it came to after the merge: a person's text counts, not
  /// what was once generated.
  ///
  /// - Throws: What asking throws, or ``SimulaError`` when a factor cannot be divided.
  func run(until stage: StageName) async throws -> Outcome {
    let (proposed, factors) = try await factors()
    guard stage > .factors else {
      let sources = try keepingOwn(factors, isLast: true)
      return Outcome(
        sources: sources, grown: grown(proposed, factors, asked: [:], beside: sources.strategies))
    }
    let asked = try await grow(factors.filter(isAsked))
    let taxonomies = factors.map { factor in
      asked[factor.root.id].flatMap { merge.taxonomy($0) } ?? own(factor)
        ?? scope.reused[factor.root.id] ?? factor
    }
    let isLast = stage == .taxonomies || !scope.plansStrategies
    let sources = try keepingOwn(taxonomies, isLast: isLast)
    var outcome = Outcome(
      sources: sources,
      grown: grown(proposed, factors, asked: asked, beside: sources.strategies),
      askedFactors: Set(asked.keys))
    if stage == .taxonomies || !scope.plansStrategies && !outcome.sources.strategies.isEmpty {
      return outcome
    }
    progress.start(.strategies)
    // The first plan is what it ever was, so that recalling a node moves no other slots.
    let offered =
      scope.replanNumber == 0
      ? taxonomies
      : Sources(taxonomies: taxonomies, strategies: []).without(scope.recalled).taxonomies
    let planned = try await StrategyStage(asker, log: log, taxonomies: offered)
      .run(again: scope.replanNumber)
    outcome.sources = merge.strategies(planned, taxonomies: taxonomies)
    outcome.grown.sources.strategies = planned
    outcome.isPlanned = true
    return outcome
  }

  /// The factors that models named last, as roots, and those to go on with.
  private func factors() async throws -> (proposed: [Taxonomy], all: [Taxonomy]) {
    if let ours = scope.ours, !scope.asksFactors {
      let proposed = base.sources.taxonomies.filter { !base.ownFactors.contains($0.root.id) }
      return (proposed.map { Taxonomy(nodes: [$0.root]) }, ours.taxonomies)
    }
    progress.start(.factors)
    let proposed = try await FactorStage(asker, log: log).run().map { name in
      let id = NodeID(bornUnder: nil, name: name)
      return Taxonomy(nodes: [Taxonomy.Node(id: id, parent: nil, name: name)])
    }
    return (proposed, merge.factors(proposed))
  }

  private func own(_ factor: Taxonomy) -> Taxonomy? {
    scope.ours?.taxonomies.first { $0.root.id == factor.root.id }
  }

  /// Whether models are asked for the tree of a factor: never for one that a person wrote.
  private func isAsked(_ factor: Taxonomy) -> Bool {
    let id = factor.root.id
    if scope.bareRoots.contains(id) { return true }
    guard own(factor) != nil else { return scope.reused[id] == nil }
    return scope.regrows && base.tree(of: id) != nil
  }

  private func grow(_ factors: [Taxonomy]) async throws -> [NodeID: Taxonomy] {
    guard !factors.isEmpty else { return [:] }
    progress.start(.taxonomies)
    return try await withThrowingTaskGroup(of: Taxonomy.self) { group in
      for factor in factors {
        let stage = TaxonomyStage(asker, log: log, factor: factor.root) { [progress] in
          progress.advance()
        }
        group.addTask { try await stage.run() }
      }
      var taxonomies: [NodeID: Taxonomy] = [:]
      while let taxonomy = try await group.next() { taxonomies[taxonomy.root.id] = taxonomy }
      return taxonomies
    }
  }

  /// The growth as the base of the next merge; what was not asked for stays as it was.
  private func grown(
    _ proposed: [Taxonomy], _ factors: [Taxonomy], asked: [NodeID: Taxonomy],
    beside strategies: [Strategy]
  ) -> GrownSources {
    let named = Set(proposed.map(\.root.id))
    func tree(_ factor: Taxonomy) -> Taxonomy? {
      let id = factor.root.id
      if let new = asked[id] { return new }
      if scope.bareRoots.contains(id) { return Taxonomy(nodes: [factor.root]) }
      return base.tree(of: id)
    }
    let added = factors.filter { !named.contains($0.root.id) }.compactMap(tree)
    // A strategy that only lost what went is still the planner's.
    let planned = base.sources.strategies.compactMap { old in
      scope.ours?.strategies.contains(old) == true ? strategies.first { $0.id == old.id } : old
    }
    return GrownSources(
      sources: Sources(
        taxonomies: proposed.map { tree($0) ?? $0 } + added, strategies: planned),
      ownFactors: Set(added.map(\.root.id)))
  }

  /// Sources with the strategies of the text; where none are planned after that, a person is told
  /// what those lose with nodes that went.
  private func keepingOwn(_ taxonomies: [Taxonomy], isLast: Bool) throws -> Sources {
    let sources = Sources(taxonomies: taxonomies, strategies: scope.ours?.strategies ?? [])
    let settled = try StrategyUse.settle(
      sources, before: scope.ours ?? sources, isForced: true)
    if isLast {
      for line in settled.dropped { log.notice("gone from strategies.yaml: \(line)") }
    }
    return settled.sources
  }
}
