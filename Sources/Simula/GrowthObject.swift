import ArtifactStore
import CanonicalJSON
import Dataset
import Git

/// What models last grew, before it was merged into a person's text: the base of the next merge.
///
/// A tree that a person wrote is not in it.
struct GrownSources: Sendable, Hashable {
  /// The grown trees, and roots alone of factors that no model has divided yet.
  ///
  /// Strategies may name nodes of a person's, which are in none of the trees.
  var sources = Sources(taxonomies: [], strategies: [])
  /// The factors among them that a person added, and no proposer named.
  var ownFactors = Set<NodeID>()

  /// The tree of a factor, unless no model has divided it.
  func tree(of factor: NodeID) -> Taxonomy? {
    sources.taxonomies.first { $0.root.id == factor && $0.nodes.count > 1 }
  }

  /// The factors that wait for models to divide them.
  var undivided: Set<NodeID> {
    Set(sources.taxonomies.filter { $0.nodes.count == 1 }.map(\.root.id))
  }
}

/// The growth as an object, which lies in the tree of each version, so that it goes along with a
/// rollback and a checkout.
enum GrowthObject {
  static func encode(_ grown: GrownSources) -> [UInt8] {
    var object = JSONObject()
    var files: [(String, JSON)] = []
    if !grown.sources.taxonomies.isEmpty {
      let trees = Sources(taxonomies: grown.sources.taxonomies, strategies: [])
      files = trees.encode().filter { $0.path != "strategies.yaml" }
        .map { ($0.path, .string($0.text)) }
    }
    object["sources"] = .object(JSONObject(files))
    object["strategies"] = .array(grown.sources.strategies.map(json))
    object["own-factors"] = .array(grown.ownFactors.sorted().map { .string($0.text) })
    return JSON.object(object).canonicalBytes
  }

  /// The growth that a version holds, or nil when its sources were written by hand.
  static func find(in version: Version?) throws -> GrownSources? {
    guard let version else { return nil }
    let files = try version.store.repository.files(
      inTree: version.tree, under: ArtifactPath.growth)
    guard let file = files.first(where: { ArtifactPath($0.path)?.isShard == false }) else {
      return nil
    }
    let value = try JSON(parsing: try version.store.reader.artifact(file.entry.id))
    var sources =
      try Sources.decode(readFile: { path in
        value["sources"]?[path]?.string.map { Array($0.utf8) }
      }) ?? Sources(taxonomies: [], strategies: [])
    if let strategies = value["strategies"]?.array {
      sources.strategies = strategies.compactMap(strategy)
    }
    return GrownSources(sources: sources, ownFactors: Set(ids(value["own-factors"])))
  }

  private static func json(_ strategy: Strategy) -> JSON {
    [
      "id": .string(strategy.id.text), "name": .string(strategy.name),
      "never": .array(
        strategy.never.map { [.string($0.first.text), .string($0.second.text)] }),
      "roots": .array(strategy.roots.map { .string($0.text) }),
      "weight": .number(strategy.weight),
    ]
  }

  private static func strategy(_ value: JSON) -> Strategy? {
    guard let id = value["id"]?.string.flatMap({ NodeID($0) }), let name = value["name"]?.string,
      let weight = value["weight"]?.double
    else { return nil }
    let never = (value["never"]?.array ?? []).map { ids($0) }.filter { $0.count == 2 }
    return Strategy(
      id: id, name: name, weight: weight, roots: ids(value["roots"]),
      never: never.map { Strategy.Pair($0[0], $0[1]) })
  }

  private static func ids(_ value: JSON?) -> [NodeID] {
    (value?.array ?? []).compactMap { $0.string.flatMap { NodeID($0) } }
  }
}
