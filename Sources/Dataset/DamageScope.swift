package import ArtifactStore
import CanonicalJSON
import Git

/// What damaged artifacts mean for a version.
package struct DamageScope: Sendable {
  /// The samples that are damaged themselves, or whose meta-prompt, mix or call is.
  package private(set) var samples: [RecordID] = []
  /// The remotes of which a branch was fetched that holds a damaged object, by name.
  package private(set) var remotes: [String] = []

  /// Finds out, from the index and from what can still be read.
  ///
  /// - Parameters:
  ///   - artifacts: What is damaged.
  ///   - version: The version whose samples count.
  package init(_ artifacts: [Verification.Damage.Artifact], in version: Version) {
    let store = version.store
    var damaged: [RecordKind: Set<RecordID>] = [:]
    for artifact in artifacts {
      guard let kind = ArtifactPath(artifact.path)?.kind,
        let ids = try? store.index.recordIDs(ofShard: artifact.object, kind)
      else { continue }
      damaged[kind, default: []].formUnion(ids)
    }
    if let mixes = damaged[.mixes] {
      Self.forEachReadable(.metaPrompts, in: version) { id, value in
        if Self.names(value, "mix", mixes) { damaged[.metaPrompts, default: []].insert(id) }
      }
    }
    // Damage may keep the index from knowing which of these are live.
    let own = damaged[.samples] ?? []
    var touched = (try? version.live(.samples)).map { live in own.filter(live.contains) } ?? own
    if let prompts = damaged[.metaPrompts] ?? damaged[.calls].map({ _ in [] }) {
      let calls = damaged[.calls]
      Self.forEachReadable(.samples, in: version) { id, value in
        if Self.names(value, "meta-prompt", prompts) || Self.names(value, "call", calls) {
          touched.insert(id)
        }
      }
    }
    samples = touched.sorted()
    remotes = Self.remotes(holding: artifacts, store)
  }

  private static func names(_ value: JSON, _ member: String, _ ids: Set<RecordID>?) -> Bool {
    guard let ids, let id = value[member]?.string.flatMap(RecordID.init(hex:)) else { return false }
    return ids.contains(id)
  }

  /// Lends the live records of the shards that can be read.
  private static func forEachReadable(
    _ kind: RecordKind, in version: Version, _ body: (RecordID, JSON) -> Void
  ) {
    guard let rows = try? LiveRows(kind, in: version) else { return }
    for shard in rows.shards {
      guard let content = try? version.store.reader.shard(shard) else { continue }
      for (row, range) in content.lines.enumerated()
      where rows.hidden[shard]?.contains(row) != true {
        guard let record = try? Record(kind, line: Array(content.bytes[range])),
          let value = try? record.value()
        else { continue }
        body(record.id, value)
      }
    }
  }

  private static func remotes(
    holding artifacts: [Verification.Damage.Artifact], _ store: Store
  ) -> [String] {
    let prefix = "refs/remotes/"
    var remotes = Set<String>()
    for reference in (try? store.repository.references(under: prefix)) ?? [] {
      guard let tree = try? store.repository.commit(reference.id).tree else { continue }
      let isHolder = artifacts.contains { artifact in
        (try? store.repository.find(path: artifact.path, inTree: tree))?.id == artifact.object
      }
      let name = reference.name.dropFirst(prefix.count).prefix { $0 != "/" }
      if isHolder { remotes.insert(String(name)) }
    }
    return remotes.sorted()
  }
}
