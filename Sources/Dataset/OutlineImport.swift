/// Makes an outline the tree of a factor, new or known.
package struct OutlineImport: Sendable {
  package let sources: Sources
  package let factor: NodeID
  package let isNew: Bool
  /// What a person should know that is no error.
  package let notes: [String]

  /// Puts an outline into sources.
  ///
  /// A node keeps the id that its line names, if its factor has it; else that of the node at the same
  /// path of names; any other node is new.
  ///
  /// - Parameters:
  ///   - outline: The tree.
  ///   - sources: The sources as they are.
  ///   - name: The factor's name or id, nil for that of the outline's root.
  ///   - path: The outline's file, for errors.
  /// - Throws: ``SourceEditError``, or ``SourceErrors`` that name lines of the outline.
  package init(
    _ outline: Outline, into sources: Sources, factor name: String?, path: String
  ) throws {
    var root = outline.root
    let known = try Self.known(root, sources, name)
    if root.name.isEmpty || name != nil {
      // A single outer bullet that is not the factor is its only child.
      if let name, !root.name.isEmpty, !Self.isRoot(root, name: name, known) {
        root = Outline.Item(name: name, children: [root], place: root.place)
      }
      root.name = known?.root.name ?? name ?? ""
    }
    guard !root.name.isEmpty else {
      throw SourceEditError(
        "the outline names no factor", hint: "begin it with a heading, or give --factor NAME")
    }
    if known?.root.name != root.name, root.id == nil { try SourceEditor.check(root.name) }
    var builder = Builder(sources: sources, known: known, path: path)
    let taxonomy = try builder.tree(root)
    var result = sources
    if let known {
      result.taxonomies = sources.taxonomies.map { $0.root.id == known.root.id ? taxonomy : $0 }
      notes = []
    } else {
      result.taxonomies.append(taxonomy)
      notes = [SourceEditor.unusedFactor(root.name, taxonomy.root.id)]
    }
    self.sources = result
    factor = taxonomy.root.id
    isNew = known == nil
  }

  private static func isRoot(_ root: Outline.Item, name: String, _ known: Taxonomy?) -> Bool {
    if NodeName.areSame(root.name, name) || root.id != nil && root.id == known?.root.id {
      return true
    }
    // A heading or mapping with children is taken for the factor under another name.
    return !root.children.isEmpty
  }

  /// The factor that the outline replaces, or nil for a new one.
  private static func known(
    _ root: Outline.Item, _ sources: Sources, _ name: String?
  ) throws(SourceEditError) -> Taxonomy? {
    if name == nil, let id = root.id,
      let taxonomy = sources.taxonomies.first(where: { $0.root.id == id })
    {
      return taxonomy
    }
    let wanted = name ?? root.name
    let found = sources.taxonomies.filter {
      NodeName.areSame($0.root.name, wanted) || (name != nil && $0.root.id.text == wanted)
    }
    guard found.count <= 1 else {
      throw SourceEditError(
        "\(found.count) factors are called \(Quote.of(wanted))",
        hint: "give one's id with --factor: \(found.map(\.root.id.text).joined(separator: ", "))")
    }
    return found.first
  }

  /// Gives each node of an outline its identity.
  private struct Builder {
    let known: Taxonomy?
    let path: String
    private let sources: Sources
    private var fresh: FreshID
    private var used = Set<NodeID>()
    private var nodes: [Taxonomy.Node] = []

    init(sources: Sources, known: Taxonomy?, path: String) {
      self.sources = sources
      self.known = known
      self.path = path
      fresh = FreshID(sources)
    }

    mutating func tree(_ root: Outline.Item) throws(SourceErrors) -> Taxonomy {
      let id: NodeID
      if let known {
        id = known.root.id
      } else if let given = root.id, fresh.take(given) {
        id = given
      } else {
        id = fresh.take(bornUnder: nil, name: root.name)
      }
      used.insert(id)
      // Ids that lines name come first: no path may take them.
      reserve(root.children)
      append(root, id: id, parent: nil, like: known?.root)
      try add(root.children, under: id, like: known?.root.id)
      return Taxonomy(nodes: nodes)
    }

    private var named = Set<NodeID>()

    private mutating func reserve(_ items: [Outline.Item]) {
      for item in items {
        if let id = item.id { named.insert(id) }
        reserve(item.children)
      }
    }

    private mutating func append(
      _ item: Outline.Item, id: NodeID, parent: NodeID?, like old: Taxonomy.Node?
    ) {
      nodes.append(
        Taxonomy.Node(
          id: id, parent: parent, name: item.name, weight: item.weight,
          isPinned: item.isPinned || old?.isPinned == true,
          isUnexpanded: item.children.isEmpty && old?.isUnexpanded == true,
          isCapped: item.children.isEmpty && old?.isCapped == true))
    }

    private mutating func add(
      _ items: [Outline.Item], under parent: NodeID, like old: NodeID?
    ) throws(SourceErrors) {
      let candidates = old.flatMap { known?.children(of: $0) } ?? []
      for item in items {
        let id = try identity(of: item, under: parent, candidates)
        append(item, id: id, parent: parent, like: known?.find(id))
        try add(item.children, under: id, like: known?.find(id) == nil ? nil : id)
      }
    }

    private mutating func identity(
      of item: Outline.Item, under parent: NodeID, _ candidates: [Taxonomy.Node]
    ) throws(SourceErrors) -> NodeID {
      if let given = item.id {
        let owner = sources.taxonomy(holding: given)
        guard owner == nil || owner?.root.id == known?.root.id, used.insert(given).inserted else {
          throw SourceErrors(
            path: path,
            [
              TextProblem(
                item.place,
                owner == nil || owner?.root.id == known?.root.id
                  ? "the id '\(given)' of \(Quote.of(item.name)) stands twice"
                  : "the id '\(given)' of \(Quote.of(item.name)) is in factor "
                    + Quote.of(owner?.root.name ?? ""),
                hint: "leave the id out to make a new node")
            ])
        }
        _ = fresh.take(given)
        return given
      }
      let isKnown = candidates.contains { $0.name == item.name }
      if !isKnown, let fault = NodeName.faultOfNew(item.name) {
        throw SourceErrors(
          path: path,
          [
            TextProblem(
              item.place, "the name \(Quote.of(item.name, longest: 40)) \(fault)",
              hint: "write it without spaces around '>', or in words")
          ])
      }
      let same = candidates.first {
        NodeName.areSame($0.name, item.name) && !used.contains($0.id) && !named.contains($0.id)
      }
      let id = same?.id ?? fresh.take(bornUnder: parent, name: item.name)
      used.insert(id)
      return id
    }
  }
}
