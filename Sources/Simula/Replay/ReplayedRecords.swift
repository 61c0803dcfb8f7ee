import ArtifactStore
import Dataset
import Synchronization

/// Takes the records that are derived again and compares them with the live ones of a version.
final class ReplayedRecords: RecordSink {
  /// Behind a reference, for a value would be copied out and in for each record.
  private final class Rederivations: @unchecked Sendable {  // reached only through the mutex below
    var records: Rederivation

    init(_ records: Rederivation) { self.records = records }
  }

  private struct State {
    var kinds: [RecordKind: Rederivations] = [:]
    /// The first record that the version does not have, in the order of slots.
    var firstNew: Record?
  }
  private let state: Mutex<State>

  init(_ kinds: [RecordKind], in version: Version) throws(StoreError) {
    var state = State()
    for kind in kinds { state.kinds[kind] = Rederivations(try Rederivation(kind, in: version)) }
    self.state = Mutex(state)
  }

  func keep(_ record: Record) {
    state.withLock { state in
      let isKnown = state.kinds[record.kind]?.records.derive(record.id) ?? true
      if !isKnown, state.firstNew == nil { state.firstNew = record }
    }
  }

  /// Nothing is remembered of a last run here.
  func drop(_: RecordKind, idWord _: UInt64) -> Bool { false }

  var firstNew: Record? { state.withLock { $0.firstNew } }

  var kinds: [ReplayReport.Kind] {
    state.withLock { state in
      RecordKind.versioned.compactMap { kind in
        state.kinds[kind].map {
          ReplayReport.Kind(kind: kind, derived: $0.records.count, live: $0.records.liveCount)
        }
      }
    }
  }

  /// The live records of all kinds that did not come out again.
  var missing: [(kind: RecordKind, ids: [RecordID])] {
    let kinds = state.withLock { $0.kinds }
    return RecordKind.versioned.compactMap { kind in
      guard let ids = kinds[kind]?.records.missing, !ids.isEmpty else { return nil }
      return (kind, ids)
    }
  }
}
