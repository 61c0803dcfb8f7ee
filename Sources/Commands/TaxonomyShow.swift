import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Git
import Simula

struct TaxonomyShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "show",
    abstract: "Show taxonomies as trees, with what the samples cover",
    discussion: """
      Behind each node: how many slots drew it or a node below it, how many samples are kept there, and \
      how many of the proposals named it, by the records of the last version. Under each tree: how many \
      nodes of each level are covered. Weights are shown when they are not 1. A leaf is 'unexpanded' \
      when models could not divide it, and 'capped' when the frontier cap kept it from growing. What \
      \(Recalls.path) names is 'recalled' with all below it: no mix is drawn from there any more.

      EXAMPLES
        stemma taxonomy show
        stemma taxonomy show Setting --depth 1
        stemma taxonomy show 'Setting > Shop' --at HEAD~2
        stemma taxonomy show --json | jq 'select(.type == "node" and .samples == 0)'

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: ArgumentHelp("A factor or another node; all factors without.", valueName: "node"))
  var node: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Show so many levels below the first.", valueName: "levels"))
  var depth: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Show a version; without, the text of the working tree.", valueName: "rev"))
  var at: String?

  func validate() throws {
    if let depth, depth < 0 { throw ValidationError("'--depth \(depth)' must be 0 or more") }
  }

  func run() async throws {
    let store = try dataset.store()
    let version = try at.map { revision in try store.version(revision) } ?? store.head()
    let folder =
      at == nil && store.repository.workingDirectory != nil ? try SourceFolder(store) : nil
    func file(_ path: String) throws -> [UInt8]? {
      if let folder { return try folder.read(path) }
      return try version?.file(path)
    }
    guard let sources = try Sources.decode(readFile: file) else { throw SourceFolder.noSources }
    let recalled = try file(Recalls.path).map(RecallsText.decode)?.nodes ?? []
    let counts =
      try version.map { version in
        let recipe = try? Snapshot(version).recipe
        return try NodeCounts(
          sources, in: version, instances: recipe?.metaPrompts.instances ?? 1,
          wanted: recipe?.sampleCount)
      } ?? NodeCounts()
    for root in try roots(in: sources) {
      let tree = Tree(taxonomy: root.taxonomy, counts: counts, recalled: recalled)
      if form.isJSON { printJSON(root.node, tree) } else { printText(root.node, tree) }
    }
  }

  private func roots(in sources: Sources) throws -> [NodeReference.Found] {
    if let node { return [try NodeReference(sources).find(node)] }
    return sources.taxonomies.map { NodeReference.Found(taxonomy: $0, node: $0.root) }
  }

  /// A taxonomy with what is said of its nodes.
  private struct Tree {
    let taxonomy: Taxonomy
    let counts: NodeCounts
    let recalled: Set<NodeID>

    /// Whether a node is recalled, or below one that is.
    func isRecalled(_ node: Taxonomy.Node) -> Bool {
      !recalled.isEmpty && taxonomy.path(to: node.id).contains { recalled.contains($0.id) }
    }
  }

  // MARK: Text

  private func printText(_ node: Taxonomy.Node, _ tree: Tree) {
    let deepest = depth ?? .max
    draw(node, tree, first: "", rest: "", depth: 0, deepest)
    guard node.parent == nil else { return }
    for level in LevelCoverage.levels(of: tree.taxonomy, tree.counts).dropFirst() {
      let line =
        "level \(level.level): \(level.sampledCount) of \(level.nodeCount) nodes have samples "
        + "(\(Self.share(level.sampledCount, level.nodeCount))), \(level.drawnCount) are drawn "
        + "(\(Self.share(level.drawnCount, level.nodeCount)))"
      Columns.line([line], indent: "  ")
    }
    Output.line()
  }

  private static func share(_ part: Int, _ whole: Int) -> String {
    whole == 0 ? "-" : "\(Int((Double(part) / Double(whole) * 100).rounded()))%"
  }

  private func draw(
    _ node: Taxonomy.Node, _ tree: Tree, first: String, rest: String,
    depth: Int, _ deepest: Int
  ) {
    let children = tree.taxonomy.children(of: node.id)
    let isCut = depth == deepest && !children.isEmpty
    let hidden = isCut ? ["[\(Plural.text(children.count, "child", "children")) below]"] : []
    Columns.line(
      Self.words(node, tree) + hidden, first: first,
      indent: rest + (isCut || children.isEmpty ? "    " : "│   "))
    guard !isCut else { return }
    for (index, child) in children.enumerated() {
      let isLast = index == children.count - 1
      draw(
        child, tree, first: rest + (isLast ? "└─ " : "├─ "),
        rest: rest + (isLast ? "   " : "│  "), depth: depth + 1, deepest)
    }
  }

  private static func words(_ node: Taxonomy.Node, _ tree: Tree) -> [String] {
    let counts = tree.counts
    var words = [node.name, node.id.text]
    if node.weight != 1 { words.append("weight \(JSON.number(node.weight).text)") }
    if node.isPinned { words.append("pinned") }
    if node.isUnexpanded { words.append("unexpanded") }
    if node.isCapped { words.append("capped") }
    if tree.isRecalled(node) { words.append("recalled") }
    words.append(
      "\(Plural.text(counts.slots(node.id), "slot")), "
        + Plural.text(counts.samples(node.id), "sample"))
    if let votes = counts.votes(node.id) {
      words.append("named by \(votes.count) of \(votes.proposals)")
    }
    return words
  }

  // MARK: JSON

  private func printJSON(_ node: Taxonomy.Node, _ tree: Tree) {
    let top = tree.taxonomy.level(of: node.id)
    var pending = [(node, top)]
    while let (node, level) = pending.popLast() {
      Output.json("node", Self.members(node, level, tree))
      guard level - top < depth ?? .max else { continue }
      pending += tree.taxonomy.children(of: node.id).reversed().map { ($0, level + 1) }
    }
    guard node.parent == nil else { return }
    for level in LevelCoverage.levels(of: tree.taxonomy, tree.counts) {
      Output.json(
        "level",
        [
          ("factor", .string(tree.taxonomy.root.id.text)), ("level", JSON(level.level)),
          ("nodes", JSON(level.nodeCount)), ("drawn", JSON(level.drawnCount)),
          ("sampled", JSON(level.sampledCount)),
          ("coverage", .number(Double(level.sampledCount) / Double(max(1, level.nodeCount)))),
        ])
    }
  }

  private static func members(
    _ node: Taxonomy.Node, _ level: Int, _ tree: Tree
  ) -> [(String, JSON)] {
    let (taxonomy, counts) = (tree.taxonomy, tree.counts)
    let votes = counts.votes(node.id)
    return [
      ("id", .string(node.id.text)), ("name", .string(node.name)),
      ("factor", .string(taxonomy.root.id.text)),
      ("parent", node.parent.map { .string($0.text) } ?? .null), ("level", JSON(level)),
      ("path", .array(taxonomy.path(to: node.id).map { .string($0.name) })),
      ("weight", .number(node.weight)), ("pinned", .bool(node.isPinned)),
      ("unexpanded", .bool(node.isUnexpanded)), ("capped", .bool(node.isCapped)),
      ("recalled", .bool(tree.isRecalled(node))),
      ("leaf", .bool(taxonomy.isLeaf(node.id))), ("slots", JSON(counts.slots(node.id))),
      ("samples", JSON(counts.samples(node.id))),
      ("votes", votes.map { JSON($0.count) } ?? .null),
      ("proposals", votes.map { JSON($0.proposals) } ?? .null),
    ]
  }
}
