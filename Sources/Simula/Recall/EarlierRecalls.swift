import ArtifactStore
import Dataset
import Pipeline

/// The recalls that a version's stages went by, to tell what is stale since others count now.
struct EarlierRecalls {
  private let snapshot: Snapshot
  private let recalls: Recalls

  /// Reads those of the version that notes the stages; text that cannot be read explains nothing.
  init(_ snapshot: Snapshot, _ noted: Version?) {
    self.snapshot = snapshot
    recalls =
      (try? noted?.file(Recalls.path).map(RecallsText.decode)).flatMap(\.self) ?? Recalls()
  }

  /// What a stage is, with the recalls as the reason where they are.
  func explain(_ freshness: Freshness, of stage: StageName, memo: StageMemo?) -> Freshness {
    guard let memo, freshness == .redefined || freshness == .newInputs else { return freshness }
    if memo.key == StageMemo.recalled { return .recalled }
    guard recalls != snapshot.recalls else { return freshness }
    let key = stage.key(snapshot.recipe, snapshot.prompts, recalls).digest
    guard memo.key == key else { return freshness }
    if freshness == .redefined { return .recalled }
    guard stage == .mixes, let sources = snapshot.sources else { return freshness }
    return memo.inputs == Snapshot.digest(sources.without(recalls.nodes)) ? .recalled : freshness
  }
}
