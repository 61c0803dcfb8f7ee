import ArtifactStore
import Dataset
import Git
import Teachers

/// Checks a push of recorded calls.
struct PushedCalls {
  private(set) var artifacts: PushedArtifacts
  private(set) var report: CheckReport
  private let store: Store
  private let isReceiving: Bool

  init(
    _ store: Store, _ artifacts: PushedArtifacts, _ report: CheckReport, isReceiving: Bool
  ) {
    self.store = store
    self.artifacts = artifacts
    self.report = report
    self.isReceiving = isReceiving
  }

  mutating func check(_ update: PushUpdate, known: [ObjectID]) throws(StoreError) {
    let keeps = "recorded answers are never taken back: a server that must lose some does so itself"
    guard let new = update.new else {
      guard isReceiving else { return }
      return report.add(update.name, "the history of calls cannot be deleted", hint: keeps)
    }
    let writer = update.name.dropFirst(CallReferences.own.count)
    guard writer.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9-]{0,63}/) != nil else {
      return report.add(update.name, "this is no name of a writer of calls")
    }
    do throws(GitError) {
      if let old = update.old, store.repository.contains(old) || isReceiving,
        try !store.repository.contains(old, in: new)
      {
        return report.add(
          update.name, "the history of calls does not go on from '\(old.hex.prefix(12))'",
          cause: "rewind", hint: "\(keeps); 'stemma push' sends a history under a name of its own")
      }
      let old = update.old.map { [$0] } ?? []
      for commit in try store.repository.newCommits(from: [new], notIn: known + old) {
        try check(commit, update)
      }
    } catch {
      report.add(
        update.name, "its history is not whole: \(error.message)",
        hint: "'git fsck' where you push from says what is missing")
    }
  }

  private mutating func check(_ commit: Commit, _ update: PushUpdate) throws(GitError) {
    let parent = try commit.parents.first.map { id throws(GitError) in
      try store.repository.commit(id).tree
    }
    for change in try store.repository.changes(
      from: parent, to: commit.tree, maximumCount: 1_000_000)
    {
      let place = "\(PushCheck.shortened(change.path)) in \(update.name)"
      guard let new = change.new else {
        report.add(place, "a commit of calls takes answers away", cause: "removal")
        continue
      }
      guard let path = ArtifactPath(change.path), path.text == change.path, new.mode == .file,
        path.kind == .calls || path.kind == .tombstones
      else {
        report.add(place, "this is no shard of calls or drops", cause: "place")
        continue
      }
      guard try store.repository.sizeInBytes(of: new.id) <= DatasetPlace.maximumFileSizeInBytes
      else {
        report.add(place, "it is larger than any shard", cause: "size")
        continue
      }
      do throws(StoreError) {
        try check(path, new.id, place)
      } catch {
        throw GitError(.io, error.message)
      }
    }
  }

  private mutating func check(
    _ path: ArtifactPath, _ object: ObjectID, _ place: String
  ) throws(StoreError) {
    switch try artifacts.check(path, object) {
    case .known: return
    case .damaged(let message): report.add(place, message, cause: "artifact")
    case .sound(let artifact):
      // Who records calls has made sure of their keys; who takes them from others has not.
      guard path.kind == .calls, isReceiving else { return }
      var keys: [Digest] = []
      for (line, id) in zip(artifact.lines, artifact.ids) {
        do throws(CallFormError) {
          keys.append(try ForeignCall.record(Array(artifact.bytes[line])).key)
        } catch {
          return report.add(
            place, "call '\(id.hex.prefix(12))': \(error.message)", cause: "call",
            hint: "only calls as Stemma records them are taken")
        }
      }
      try artifacts.add(artifact, object, keys: keys)
    }
  }
}
