import ArtifactStore
import Synchronization

/// Finds the recorded answer to a request.
///
/// A call that was fetched from elsewhere is taken at its word for nothing: one whose request is not
/// this request does not answer it, whatever key it claims.
final class AnswerFinder: Sendable {
  private let calls: @Sendable (_ key: Digest) throws(StoreError) -> [FoundCall]
  private let namedCalls: @Sendable () throws(StoreError) -> Set<RecordID>
  private let known = Mutex<Set<RecordID>?>(nil)

  /// - Parameters:
  ///   - calls: The calls of a key, smallest id first.
  ///   - namedCalls: The calls that live records name; asked at most once, when two machines answered
  ///     one request differently.
  init(
    calls: @escaping @Sendable (_ key: Digest) throws(StoreError) -> [FoundCall],
    namedCalls: @escaping @Sendable () throws(StoreError) -> Set<RecordID>
  ) {
    self.calls = calls
    self.namedCalls = namedCalls
  }

  /// The answer, or nil when the request was never answered.
  func find(_ form: RequestForm) throws(StoreError) -> RecordedCall? {
    let found = try calls(form.key.digest)
    if found.count == 1 { return try answer(found[0], to: form) }
    var candidates: [RecordedCall] = []
    for call in found {
      if let answer = try answer(call, to: form) { candidates.append(answer) }
    }
    guard candidates.count > 1 else { return candidates.first }
    let named = try named()
    return candidates.first { named.contains($0.id) } ?? candidates.first
  }

  /// What a call says, if its request is this one.
  private func answer(
    _ found: FoundCall, to form: RequestForm
  ) throws(StoreError) -> RecordedCall? {
    if let call = CallText.call(found, to: form) { return call }
    let record = found.record
    guard try RecordedCall.isAnswer(record, to: form.request) else { return nil }
    return try RecordedCall(record, isCached: true)
  }

  private func named() throws(StoreError) -> Set<RecordID> {
    if let known = known.withLock({ $0 }) { return known }
    let found = try namedCalls()
    known.withLock { $0 = found }
    return found
  }
}
