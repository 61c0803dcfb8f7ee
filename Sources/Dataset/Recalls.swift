package import ArtifactStore

/// What must never be used again, as `recalls.yaml` names it.
package struct Recalls: Sendable, Hashable {
  package static let path = "recalls.yaml"

  /// One thing that is recalled.
  package enum Subject: Sendable, Hashable {
    /// An answer; without a key its request is known by the answer alone, once that is there.
    case call(RecordID, key: Digest?, task: String?)
    /// A taxonomy node with all below it.
    case node(NodeID)
    /// The mix of a slot.
    case mix(RecordID, Slot)
    /// A model behind a provider; without a revision all of them.
    case model(TeacherSettings.Provider, String, revision: String?)
    /// A prompt template of these very bytes.
    case template(task: String, Digest)
    /// All calls that the versions of a run were the first to name.
    case run(String)
  }

  /// One line of the text.
  package struct Entry: Sendable, Hashable {
    package let subject: Subject
    /// The beginning of what it was, for whoever reads the text.
    package let excerpt: String?
    package let reason: String?
    /// Where it stands, counted from 1; 0 for one that no text holds yet.
    package let line: Int

    package init(_ subject: Subject, excerpt: String? = nil, reason: String? = nil, line: Int = 0) {
      self.subject = subject
      self.excerpt = excerpt
      self.reason = reason
      self.line = line
    }
  }

  package let entries: [Entry]
  package let nodes: Set<NodeID>
  /// The recalled mixes of each slot that has some.
  package let mixes: [Slot: Set<RecordID>]

  package init(_ entries: [Entry] = []) {
    self.entries = entries
    var nodes = Set<NodeID>()
    var mixes: [Slot: Set<RecordID>] = [:]
    for entry in entries {
      switch entry.subject {
      case .node(let node): nodes.insert(node)
      case .mix(let id, let slot): mixes[slot, default: []].insert(id)
      default: continue
      }
    }
    self.nodes = nodes
    self.mixes = mixes
  }

  package var isEmpty: Bool { entries.isEmpty }

  /// The runs that are recalled, each once, with the line that says so.
  package var runs: [(id: String, line: Int)] {
    var seen = Set<String>()
    return entries.compactMap { entry in
      guard case .run(let id) = entry.subject, seen.insert(id).inserted else { return nil }
      return (id, entry.line)
    }
  }

  /// The entry that recalls a model, or nil.
  package func entry(
    ofModel name: String, _ provider: TeacherSettings.Provider, revision: String?
  ) -> Entry? {
    entries.first { entry in
      guard case .model(provider, name, let recalled) = entry.subject else { return false }
      return recalled == nil || recalled == revision
    }
  }

  /// The entry that recalls the template of a task, or nil.
  package func entry(ofTemplate task: String, _ bytes: [UInt8]) -> Entry? {
    let candidates = entries.filter { entry in
      if case .template(task, _) = entry.subject { true } else { false }
    }
    guard !candidates.isEmpty else { return nil }
    let digest = Digest(of: bytes)
    return candidates.first { $0.subject == .template(task: task, digest) }
  }

  /// The entry of a node itself, or nil.
  package func entry(ofNode node: NodeID) -> Entry? {
    nodes.contains(node) ? entries.first { $0.subject == .node(node) } : nil
  }
}

extension Sources {
  /// What mixes are drawn from: all but some nodes with what is below them.
  ///
  /// The weights of the others stay. A strategy keeps its roots, also those that are gone.
  package func without(_ recalled: Set<NodeID>) -> Sources {
    guard !recalled.isEmpty else { return self }
    var gone = Set<NodeID>()
    var left = self
    left.taxonomies = taxonomies.compactMap { taxonomy in
      var nodes: [Taxonomy.Node] = []
      // Parents come before their children.
      for node in taxonomy.nodes {
        if recalled.contains(node.id) || node.parent.map(gone.contains) ?? false {
          gone.insert(node.id)
        } else {
          nodes.append(node)
        }
      }
      return nodes.count == taxonomy.nodes.count
        ? taxonomy : nodes.isEmpty ? nil : Taxonomy(nodes: nodes)
    }
    guard !gone.isEmpty else { return self }
    for index in left.strategies.indices {
      left.strategies[index].never.removeAll { gone.contains($0.first) || gone.contains($0.second) }
    }
    return left
  }
}
