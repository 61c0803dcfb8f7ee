import Dataset

extension Snapshot {
  /// Makes sure that nobody is asked by a model, or with a template, that is recalled.
  ///
  /// - Throws: ``SimulaError`` with code `recalled` that says what to change.
  func refuseRecalled() throws(SimulaError) {
    guard !recalls.isEmpty else { return }
    let roles = Role.allCases.filter { role in
      StageName.allCases.contains { $0.roles(recipe).contains(role) }
    }
    if let entry = roles.lazy.compactMap({ Players.recall(of: $0, recipe, recalls) }).first {
      let asked = roles.filter { Players.recall(of: $0, recipe, recalls) == entry }
      let settings = Players.settings(recipe, asked[0])
      let names = asked.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      throw SimulaError(
        .recalled,
        "\(Recalls.path):\(entry.line) recalls '\(settings.provider.rawValue): "
          + "\(Players.model(settings))', the teacher of \(names)",
        hint: "give \(names) another model in recipe.yaml, or remove that line")
    }
    for stage in StageName.allCases {
      for task in stage.tasks(recipe) {
        guard let entry = prompts.recall(of: task, recalls) else { continue }
        throw SimulaError(
          .recalled, "\(Recalls.path):\(entry.line) recalls '\(task.path)' as it stands",
          hint: "change the template, or remove that line")
      }
    }
  }

  /// What mixes are drawn from: sources without the recalled nodes.
  ///
  /// - Throws: ``SimulaError`` with code `recalled` when a strategy builds on a node that is gone.
  func drawn(_ sources: Sources) throws(SimulaError) -> Sources {
    guard !recalls.nodes.isEmpty else { return sources }
    let drawn = sources.without(recalls.nodes)
    for strategy in sources.strategies {
      for root in strategy.roots {
        guard let tree = sources.taxonomy(holding: root) else { continue }
        let path = tree.path(to: root)
        if let entry = path.lazy.compactMap({ recalls.entry(ofNode: $0.id) }).first {
          throw SimulaError(
            .recalled,
            "the strategy '\(strategy.name)' combines '\(Self.text(path))', which "
              + "\(Recalls.path):\(entry.line) recalls",
            hint: "change it in strategies.yaml, plan anew with 'stemma run --replan', or remove "
              + "that line")
        }
        guard root == tree.root.id, !tree.isLeaf(root),
          drawn.taxonomy(holding: root)?.isLeaf(root) ?? true
        else { continue }
        throw SimulaError(
          .recalled,
          "nothing is left to draw of '\(tree.root.name)': all that is below is recalled",
          hint: "add nodes with 'stemma taxonomy edit add', or remove lines from \(Recalls.path)")
      }
    }
    return drawn
  }

  private static func text(_ path: [Taxonomy.Node]) -> String {
    path.map(\.name).joined(separator: NodeName.separator)
  }
}
