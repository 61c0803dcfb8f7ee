import ArtifactStore
import Dataset
import Git

/// The texts of a version that decide how its samples are judged.
struct JudgingTexts {
  let recipe: Recipe
  private let strategies: [String: Strategy.Overrides]
  /// The entries of the root that hold them.
  private let entries: [TreeEntry]

  /// What holds records, objects and runs, and none of these texts.
  private static let others = Set(
    RecordKind.allCases.map(\.rawValue) + [ArtifactPath.growth, "runs"])

  /// Reads them, or takes them over from a version that has the same ones.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` where they cannot be read.
  init(_ version: Version, like former: JudgingTexts?) throws(StoreError) {
    let entries = try convert { () throws(GitError) in
      try version.store.repository.entries(ofTree: version.tree)
        .filter { !Self.others.contains($0.name) }
    }
    if let former, former.entries == entries {
      self = former
      return
    }
    do {
      let snapshot = try Snapshot(version)
      recipe = snapshot.recipe
      let strategies = snapshot.sources?.strategies ?? []
      self.strategies = Dictionary(
        strategies.map { ($0.id.text, $0.overrides) }, uniquingKeysWith: { first, _ in first })
      self.entries = entries
    } catch {
      throw StoreError(
        .corrupt,
        "its recipe or sources cannot be read, so that nobody knows how its samples are judged")
    }
  }

  /// Whether samples of different strategies are judged differently.
  var dependOnStrategy: Bool { strategies.values.contains { $0 != Strategy.Overrides() } }

  /// The knobs for the samples of a strategy.
  func knobs(ofStrategy strategy: String?) -> SampleKnobs {
    recipe.knobs(of: strategy.flatMap { strategies[$0] } ?? .init())
  }
}
