import ArtifactStore
import CanonicalJSON
package import Dataset

/// Plans which sub-trees combine into sensible samples, and how often.
package struct StrategyStage: Sendable {
  static let codeVersion = 2
  static let tasks: [PromptTask] = [.planStrategies]
  /// More paths than this are too many for one question; then first levels are left out.
  static let maximumPaths = 96

  private let asker: Asker
  private let log: GrowthLog
  private let taxonomies: [Taxonomy]

  package init(_ asker: Asker, log: GrowthLog, taxonomies: [Taxonomy]) {
    self.asker = asker
    self.log = log
    self.taxonomies = taxonomies
  }

  /// One node that a strategy may start from.
  private struct Offer: Sendable {
    let path: String
    let node: NodeID
    let factor: Int
  }

  /// Asks for strategies; a number makes the question another one than the first time.
  package func run(again number: Int = 0) async throws -> [Strategy] {
    let (offers, left) = offers()
    if !left.isEmpty {
      let names = left.map { "'\($0)'" }.joined(separator: ", ")
      log.notice(
        "the planner is offered at most \(Self.maximumPaths) paths: only the whole of \(names), "
          + "and nothing below")
    }
    let count = asker.recipe.strategy.count
    let asked = try await asker.ask(
      .planStrategies, .planner,
      inputs: JSONObject([
        (
          "paths",
          .array(
            offers.map {
              [
                "factor": .string(taxonomies[$0.factor].root.name), "path": .string($0.path),
              ]
            })
        ),
        ("minimum", JSON(count.lowerBound)), ("maximum", JSON(count.upperBound)),
      ]), schema: AnswerSchemas.strategies(paths: offers.map(\.path), atMost: count.upperBound),
      draw: number == 0 ? "strategies" : "strategies again \(number)"
    ) { (json, isLastTry) throws(UnusableAnswer) in
      try read(json, offers: offers, isLastTry: isLastTry)
    }
    switch asked.result {
    case .success(let strategies):
      var members: JSON = [
        "call": .string(asked.call.hex), "level": 0,
        "task": .string(PromptTask.planStrategies.rawValue),
        "text": .string(strategies.map(\.name).joined(separator: "; ")),
      ]
      if number > 0, var object = members.object {
        object["regrowth"] = JSON(number)
        members = .object(object)
      }
      log.add(.plans, .init(order: 2), members)
      return strategies
    case .failure(let problem):
      log.notice("no usable strategies (\(problem.message)): one strategy joins all factors")
      return [everything]
    }
  }

  private var everything: Strategy {
    let roots = taxonomies.map(\.root.id)
    return Strategy(
      id: Strategy.identity(bornOf: roots), name: "All factors", weight: 1, roots: roots)
  }

  /// All roots and as many first levels as fit, the smallest first; with the factors whose first
  /// level is left out.
  private func offers() -> (offers: [Offer], left: [String]) {
    let levels = taxonomies.map { $0.children(of: $0.root.id) }
    var room = Self.maximumPaths - taxonomies.count
    var offered = Set<Int>()
    for index in levels.indices.sorted(by: { (levels[$0].count, $0) < (levels[$1].count, $1) })
    where levels[index].count <= room {
      room -= levels[index].count
      offered.insert(index)
    }
    var offers: [Offer] = []
    var paths = Set<String>()
    func offer(_ path: String, _ node: NodeID, _ factor: Int) {
      // Names may hold what separates them: of two equal paths only the first can be meant.
      if paths.insert(path).inserted {
        offers.append(Offer(path: path, node: node, factor: factor))
      }
    }
    for (index, taxonomy) in taxonomies.enumerated() {
      offer(taxonomy.root.name, taxonomy.root.id, index)
      for child in levels[index] where offered.contains(index) {
        offer("\(taxonomy.root.name) > \(child.name)", child.id, index)
      }
    }
    let left = taxonomies.indices.filter { !offered.contains($0) }
    return (offers, left.map { taxonomies[$0].root.name })
  }

  private func read(
    _ json: JSON, offers: [Offer], isLastTry: Bool
  ) throws(UnusableAnswer) -> [Strategy] {
    guard let values = json["strategies"]?.array else {
      throw UnusableAnswer(.wrongShape, "it has no list 'strategies'")
    }
    let known = Dictionary(offers.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var strategies: [Strategy] = []
    var used = Set<Int>()
    for value in values.prefix(asker.recipe.strategy.count.upperBound) {
      guard let strategy = strategy(value, known: known),
        !strategies.contains(where: { $0.id == strategy.id })
      else { continue }
      strategies.append(strategy)
      used.formUnion(strategy.roots.compactMap { id in offers.first { $0.node == id }?.factor })
    }
    guard !strategies.isEmpty else {
      throw UnusableAnswer(.wrongShape, "no strategy joins two or more of the given paths")
    }
    let unused = taxonomies.indices.filter { !used.contains($0) }
    guard !unused.isEmpty else { return strategies }
    let names = unused.map { "'\(taxonomies[$0].root.name)'" }.joined(separator: ", ")
    guard isLastTry else {
      throw UnusableAnswer(.wrongShape, "no strategy uses \(names)")
    }
    log.notice("no strategy uses \(names): one that joins all factors is added")
    return strategies + [everything]
  }

  private func strategy(_ value: JSON, known: [String: Offer]) -> Strategy? {
    var roots: [Offer] = []
    for path in value["combine"]?.array ?? [] {
      guard let offer = path.string.flatMap({ known[$0] }),
        !roots.contains(where: { $0.factor == offer.factor })
      else { continue }
      roots.append(offer)
    }
    guard roots.count >= min(2, taxonomies.count) else { return nil }
    let never = (value["never"]?.array ?? []).compactMap { pair -> Strategy.Pair? in
      guard let first = pair["first"]?.string.flatMap({ known[$0] }),
        let second = pair["second"]?.string.flatMap({ known[$0] }), first.factor != second.factor,
        // A pair of two whole sub-trees of this strategy would forbid everything.
        !(covers(first, roots) && covers(second, roots))
      else { return nil }
      return Strategy.Pair(first.node, second.node)
    }
    let sorted = roots.sorted { $0.factor < $1.factor }.map(\.node)
    return Strategy(
      id: Strategy.identity(bornOf: sorted),
      name: value["name"]?.string.flatMap(Names.cleaned) ?? "Strategy",
      weight: min(10, max(1, value["weight"]?.double ?? 1)), roots: sorted, never: never)
  }

  /// Whether a node holds all of the sub-tree that a strategy uses of its factor.
  private func covers(_ offer: Offer, _ roots: [Offer]) -> Bool {
    roots.contains { root in
      root.factor == offer.factor
        && (root.node == offer.node
          || taxonomies[offer.factor].path(to: root.node).contains { $0.id == offer.node })
    }
  }
}
