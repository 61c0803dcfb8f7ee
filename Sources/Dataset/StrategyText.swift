import CanonicalJSON

/// The text of `strategies.yaml`.
enum StrategyText {
  static let path = "strategies.yaml"

  private static let header = """
    # How taxonomies combine. A strategy is drawn by its weight; each of its roots then gives one
    # node of the branch below it. Two nodes under 'never' do not combine, nor do their branches.
    # Ids decide; the paths only say what they mean and are written anew with the file.
    # A strategy may set 'candidates', 'fraction' and 'critics' for its samples, as in recipe.yaml.

    """

  static func encode(_ strategies: [Strategy], in taxonomies: [Taxonomy]) -> String {
    guard !strategies.isEmpty else { return header + "strategies: []\n" }
    let paths = Paths(taxonomies)
    var text = header + "strategies:\n"
    for strategy in strategies {
      text += "- id: \(strategy.id)\n"
      text += "  name: \(SourceText.quoted(strategy.name))\n"
      text += "  weight: \(JSON.number(strategy.weight).text)\n"
      text += overrides(strategy.overrides)
      text += "  roots:\n"
      for root in strategy.roots {
        text += "  - {node: \(root), path: \(SourceText.quoted(paths.path(to: root)))}\n"
      }
      if !strategy.never.isEmpty { text += "  never:\n" }
      for pair in strategy.never {
        let both = "\(paths.path(to: pair.first)) / \(paths.path(to: pair.second))"
        text += "  - {first: \(pair.first), second: \(pair.second), "
        text += "paths: \(SourceText.quoted(both))}\n"
      }
    }
    return text
  }

  private static func overrides(_ overrides: Strategy.Overrides) -> String {
    var text = ""
    if let count = overrides.candidates { text += "  candidates: \(count)\n" }
    if let share = overrides.fraction { text += "  fraction: \(JSON.number(share).text)\n" }
    let critics = [
      overrides.judgesRequirements.map { "requirements: \($0)" },
      overrides.refineRounds.map { "refine: \($0)" },
      overrides.double.map { "double: \($0.rawValue)" },
    ].compactMap(\.self)
    if !critics.isEmpty { text += "  critics: {\(critics.joined(separator: ", "))}\n" }
    return text
  }

  static func decode(
    _ bytes: [UInt8], in taxonomies: [Taxonomy]
  ) throws(SourceErrors) -> [Strategy] {
    let log = ProblemLog()
    do throws(TextProblem) {
      let root = try YAMLParser.parse(bytes, atMost: SourceText.maximumSize)
      let strategies = StrategyReader(paths: Paths(taxonomies), log: log).read(root)
      if log.isEmpty { return strategies }
    } catch {
      log.add(error)
    }
    throw SourceErrors(path: path, log.problems)
  }

  /// Where each node stands.
  struct Paths {
    private var places: [NodeID: (taxonomy: Taxonomy, factor: NodeID)] = [:]

    init(_ taxonomies: [Taxonomy]) {
      for taxonomy in taxonomies {
        for node in taxonomy.nodes { places[node.id] = (taxonomy, taxonomy.root.id) }
      }
    }

    func factor(of id: NodeID) -> NodeID? { places[id]?.factor }

    /// Whether a node is another one or below it.
    func isWithin(_ id: NodeID, _ ancestor: NodeID) -> Bool {
      places[id]?.taxonomy.path(to: id).contains { $0.id == ancestor } ?? false
    }

    func path(to id: NodeID) -> String {
      let path = places[id]?.taxonomy.path(to: id) ?? []
      return path.map(\.name).joined(separator: " > ")
    }
  }
}

/// Turns the text of strategies into strategies that fit the taxonomies.
struct StrategyReader {
  let paths: StrategyText.Paths
  let log: ProblemLog

  func read(_ root: YAMLValue) -> [Strategy] {
    guard let fields = FieldReader(root, section: nil, at: .start, keys: ["strategies"], log: log)
    else { return [] }
    guard let items = fields.member("strategies")?.value.items else {
      log.add(fields.place(of: "strategies"), "'strategies' must be a list of strategies")
      return []
    }
    var lines: [NodeID: Int] = [:]
    var strategies: [Strategy] = []
    for item in items {
      guard let strategy = strategy(item) else { continue }
      if let first = lines[strategy.id] {
        log.add(
          item.place, "the strategy \(Quote.of(strategy.name)) has the id of line \(first)",
          hint: "leave the 'id' of a new strategy out, or give it another one")
      }
      lines[strategy.id] = item.place.line
      strategies.append(strategy)
    }
    return strategies
  }

  private func strategy(_ item: YAMLValue) -> Strategy? {
    let keys = [
      "id", "name", "weight", "candidates", "fraction", "critics", "roots", "never",
    ]
    guard let fields = FieldReader(item, section: "strategies", keys: keys, log: log) else {
      return nil
    }
    let name = fields.nodeName()
    let weight = fields.weight()
    let id = fields.id("id")
    let roots = roots(fields)
    let never = never(fields, roots: roots)
    let overrides = overrides(fields)
    guard let name, let weight, !roots.isEmpty else { return nil }
    var strategy = Strategy(
      id: id ?? Strategy.identity(bornOf: roots), name: name, weight: weight, roots: roots,
      never: never)
    strategy.overrides = overrides
    return strategy
  }

  private func overrides(_ fields: FieldReader) -> Strategy.Overrides {
    var overrides = Strategy.Overrides()
    overrides.candidates = fields.integer("candidates", RecipeLimits.candidates)
    overrides.fraction = fields.number("fraction", RecipeLimits.fraction)
    guard let member = fields.member("critics"),
      let critics = FieldReader(
        member.value, section: "critics", at: member.place, keys: RecipeKeys.critics, log: log)
    else { return overrides }
    overrides.judgesRequirements = critics.bool("requirements")
    overrides.refineRounds = critics.integer("refine", RecipeLimits.refineRounds)
    overrides.double = critics.choice("double")
    return overrides
  }

  private func roots(_ fields: FieldReader) -> [NodeID] {
    guard let items = fields.member("roots")?.value.items, !items.isEmpty else {
      log.add(
        fields.place(of: "roots"), "'roots' must be a list of nodes",
        hint: "write at least one line: - {node: <id>}")
      return []
    }
    var roots: [NodeID] = []
    var factors: [NodeID: Int] = [:]
    for item in items {
      guard
        let line = FieldReader(item, section: "roots", keys: ["node", "path"], log: log),
        let node = node("node", of: line), let factor = paths.factor(of: node)
      else { continue }
      if let first = factors[factor] {
        log.add(
          item.place, "the node '\(node)' is of the same factor as that of line \(first)",
          hint: "keep one root of each factor; make a second strategy for the other")
      }
      factors[factor] = item.place.line
      roots.append(node)
    }
    return roots
  }

  private func never(_ fields: FieldReader, roots: [NodeID]) -> [Strategy.Pair] {
    guard let member = fields.member("never") else { return [] }
    guard let items = member.value.items else {
      log.add(member.place, "'never' must be a list of pairs, not \(member.value.kind)")
      return []
    }
    var pairs: [Strategy.Pair] = []
    for item in items {
      guard
        let line = FieldReader(
          item, section: "never", keys: ["first", "second", "paths"], log: log)
      else { continue }
      let first = node("first", of: line)
      let second = node("second", of: line)
      guard let first, let second else { continue }
      if paths.factor(of: first) == paths.factor(of: second) {
        log.add(
          item.place, "the pair '\(first)', '\(second)' is of one factor",
          hint: "a sample has one node of each factor anyway; remove the line")
      } else if [first, second].allSatisfy({ node in
        roots.contains { paths.isWithin($0, node) }
      }) {
        let names = [first, second].map { Quote.of(paths.path(to: $0), longest: 120) }
        log.add(
          item.place,
          "the pair \(names[0]), \(names[1]) forbids every sample of the strategy: each is the "
            + "whole of what the strategy draws from its factor",
          hint: "name a node below one of the roots, or remove the line or the strategy")
      }
      pairs.append(Strategy.Pair(first, second))
    }
    return pairs
  }

  /// The node of a key, which must be in one of the taxonomies.
  private func node(_ key: String, of line: FieldReader) -> NodeID? {
    guard line.has(key) else {
      line.missing(key)
      return nil
    }
    guard let id = line.id(key) else { return nil }
    guard paths.factor(of: id) != nil else {
      let path = line.text("path") ?? line.text("paths")
      let name = path.map { " (\(Quote.plain($0, longest: 120)))" } ?? ""
      log.add(
        line.place, "the node '\(id)'\(name) is in no taxonomy",
        hint:
          "remove the line, name another node, or remove strategies.yaml: the next run plans anew")
      return nil
    }
    return id
  }
}
