import ArtifactStore
import Dataset
import Git
import Simula

/// The work of a pre-receive hook.
struct ReceivedPush {
  func check(_ lines: [Substring]) throws {
    let repository = try Repository.openFromEnvironment()
    let store = try Store(repository)
    let updates = lines.compactMap(PushUpdate.init(received:))
    guard updates.count == lines.count else {
      throw CommandError("git tells of references in a way that cannot be read: push refused")
    }
    let known = try [Store.branchPrefix, Store.tagPrefix].flatMap { prefix in
      try repository.references(under: prefix).compactMap { try? repository.resolve($0.id.hex) }
    }
    let setting = try repository.configuration("stemma.requireCalls")?.lowercased() ?? "true"
    let check = try PushCheck(
      store, updates, known: known,
      side: .receiving(needsCalls: !["false", "no", "off", "0"].contains(setting)))
    try Complaint(check.report).end("push refused")
  }
}

/// The work of a pre-push hook.
struct SentPush {
  /// The remote's name, or its address where it has none.
  let remote: String

  func check(_ lines: [Substring]) throws {
    let updates = lines.compactMap(PushUpdate.init(sent:))
    guard !updates.isEmpty else { return }
    let repository = try Repository.openFromEnvironment()
    let store = try Store(repository)
    let isNamed = try repository.configuration("remote.\(remote).url") != nil
    var known = updates.compactMap(\.old)
    var fetched: [ObjectID]?
    if isNamed {
      known += try repository.references(under: "refs/remotes/\(remote)/").map(\.id)
      fetched = try repository.references(
        under: "\(CallReferences.fetched)\(remote)/calls/"
      ).map(\.id)
    }
    let check = try PushCheck(store, updates, known: known, side: .sending(fetchedCalls: fetched))
    try Complaint(check.report).end("push refused")
    guard check.unsentCallCount > 0 else { return }
    Output.complain(
      "note: the answers behind \(Plural.text(check.unsentCallCount, "record")) are not at '\(remote)'"
    )
    Output.complain("hint: 'stemma push' sends them, and the versions after them")
  }
}
