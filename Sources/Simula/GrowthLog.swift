package import ArtifactStore
import CanonicalJSON
import Dataset
import Synchronization

/// What models proposed and decided while sources grew, as records and notices.
///
/// Tasks add in any order; the records come out sorted, so that a run does not depend on timing.
package final class GrowthLog: Sendable {
  private struct State {
    var records: [String: [Record]] = [:]
    var notices: [String] = []
  }
  private let state = Mutex(State())

  package init() {}

  /// All records, by what they belong to and then as they were added there.
  package var records: [Record] {
    state.withLock { state in
      state.records.sorted { $0.key < $1.key }.flatMap(\.value)
    }
  }

  package var notices: [String] { state.withLock { $0.notices.sorted() } }

  func add(_ kind: RecordKind, _ place: Place, _ members: JSON, _ regrowth: Regrowth? = nil) {
    var object = members.object ?? JSONObject()
    object["factor"] = .string(place.factor?.text ?? "")
    if kind != .plans { object["node"] = .string(place.node?.text ?? "") }
    if let regrowth {
      object["regrown"] = .string(regrowth.node.text)
      object["regrowth"] = JSON(regrowth.number)
    }
    let record = Record(kind, .object(object))
    let name = "\(place.order) \(place.factor?.text ?? "") \(place.node?.text ?? "")"
    state.withLock { $0.records[name, default: []].append(record) }
  }

  func notice(_ text: String) { state.withLock { $0.notices.append(text) } }

  /// Where in the growth something belongs.
  struct Place: Sendable, Hashable {
    var order: Int
    var factor: NodeID?
    var node: NodeID?
  }
}
