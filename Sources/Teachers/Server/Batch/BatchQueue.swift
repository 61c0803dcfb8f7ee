import Synchronization

/// Requests that wait to be submitted in a batch.
package final class BatchQueue: Sendable {
  typealias Entry = (request: CallRequest, teacher: BatchTeacher)

  private let state = Mutex<[CallKey: Entry]>([:])

  package init() {}

  package var isEmpty: Bool { state.withLock(\.isEmpty) }

  func add(_ request: CallRequest, for teacher: BatchTeacher) {
    state.withLock { $0[CallKey(of: request)] = (request, teacher) }
  }

  /// All requests, each once, in the order of their keys.
  var entries: [Entry] {
    state.withLock { state in
      state.map { ($0.key.description, $0.value) }.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }
}
