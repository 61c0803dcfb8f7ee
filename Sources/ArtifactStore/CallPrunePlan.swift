import BitCollections
import CanonicalJSON
import Foundation
import Git

/// Which of this copy's own calls no version names.
package struct CallPrunePlan: Sendable {
  /// The number of own calls.
  package private(set) var ownCount = 0
  /// The number of own calls to be pruned.
  package private(set) var count = 0
  /// About how many bytes these take up in git.
  package private(set) var sizeInBytes = 0
  /// How many of these are also in what was fetched from a remote, where they stay.
  package private(set) var elsewhereCount = 0

  let lines: CallLines
  /// The ordinals of own calls that stay.
  private(set) var staying = BitSet()

  /// Looks at all versions that a branch, a tag or another reference of git names.
  ///
  /// - Parameters:
  ///   - store: The dataset; its journal is sealed.
  ///   - limit: Only what was sealed before this time goes, in seconds since 1970; nil for all.
  ///   - didRead: Told how many files of records were read, of how many.
  /// - Throws: ``StoreError`` when a version cannot be read as a whole, for then nothing is certain.
  package init(
    _ store: Store, before limit: Int64? = nil,
    didRead: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    lines = try CallLines(store)
    var names = CallNames(of: lines)
    try names.insert(namedByAllVersionsOf: store, didRead: didRead)
    try keepEarlierTries(of: names)
    let old = try limit.map { limit throws(StoreError) in try Self.shards(of: store, before: limit)
    }
    let isOwn = lines.shards.map { shard in
      shard.references.contains { $0.hasPrefix(CallReferences.own) }
    }
    var pruned = BitSet()
    for (number, shard) in lines.known.shards.enumerated() where isOwn[number] {
      var prunedRows = 0
      for ordinal in shard.ordinals where lines.known.members.contains(ordinal) {
        ownCount += 1
        if names.contains(ordinal) || old?.contains(shard.object) == false {
          staying.insert(ordinal)
        } else if !staying.contains(ordinal) {
          pruned.insert(ordinal)
          prunedRows += 1
        }
      }
      guard prunedRows > 0 else { continue }
      let size = try convert { () throws(GitError) in
        try store.repository.sizeInBytes(of: shard.object)
      }
      sizeInBytes += size * prunedRows / max(1, shard.ordinals.count)
    }
    count = pruned.count
    let elsewhere = try Self.otherReferences(in: lines)
    for shard in lines.shards
    where count > 0 && shard.references.contains(where: elsewhere.contains) {
      for id in try store.index.recordIDs(ofShard: shard.object, .calls) ?? [] {
        if let ordinal = lines.known.ordinal(of: id), pruned.remove(ordinal) != nil {
          elsewhereCount += 1
        }
      }
    }
  }

  /// The histories that a prune leaves alone.
  private static func otherReferences(in lines: CallLines) throws -> Set<String> {
    let names = try CallReferences.all(in: lines.store.repository).map(\.name)
    let own = Set(
      names.filter { $0.hasPrefix(CallReferences.own) }.map(CallReferences.writer))
    return Set(
      names.filter { name in
        !name.hasPrefix(CallReferences.own)
          && !(name.hasPrefix(CallReferences.kept) && own.contains(CallReferences.writer(name)))
      })
  }

  /// Keeps what a derivation from nothing asks for before what a record names: the answers that could
  /// not be used and came before one that could, and those of a draft that got no verdict.
  private mutating func keepEarlierTries(of names: CallNames) throws {
    var chains = Set<Digest>()
    var attempts = Set<String>()
    try lines.forEach(in: names) { line, id in
      let isUnjudged = names.unjudged.contains(id)
      guard isUnjudged || !CallChain.isFirstTry(line), let chain = CallChain(line) else { return }
      if chain.isRetry { chains.insert(chain.digest) }
      if isUnjudged { attempts.insert(chain.attempt) }
    }
    guard !chains.isEmpty || !attempts.isEmpty else { return }
    try lines.forEach { line, id in
      guard !names.contains(id), let chain = CallChain(line),
        chains.contains(chain.digest) || attempts.contains(chain.attempt),
        let ordinal = lines.known.ordinal(of: id)
      else { return }
      staying.insert(ordinal)
    }
  }

  /// The shards that a history had at some time.
  private static func shards(
    of store: Store, before limit: Int64
  ) throws(StoreError) -> Set<ObjectID> {
    var shards = Set<ObjectID>()
    for reference in try convert({ () throws(GitError) in
      try store.repository.references(under: CallReferences.own)
    }) {
      var next: ObjectID? = reference.id
      while let id = next {
        let commit = try convert { () throws(GitError) in try store.repository.commit(id) }
        next = commit.parents.first
        // Commits of one writer are in the order of time; a rewritten one keeps its author's.
        guard commit.author.time <= limit else { continue }
        shards.formUnion(try store.callShards(of: id))
        break
      }
    }
    return shards
  }
}

/// Which question a call is a try at.
private struct CallChain {
  private static let firstTry = Array(#","try":0},"usage":"#.utf8)
  /// Two counts with their names take no more.
  private static let longestTail = 128
  /// A correction may follow in the same message.
  private static let prefixLength = 64

  let isRetry: Bool
  let digest: Digest
  /// Which attempt at a slot it is for: the first words of what tells equal questions apart.
  let attempt: String

  /// Whether the canonical form says at its end that nothing came before; most calls are such.
  static func isFirstTry(_ line: ArraySlice<UInt8>) -> Bool {
    line.suffix(longestTail).firstRange(of: firstTry) != nil
  }

  init?(_ line: ArraySlice<UInt8>) {
    guard let request = (try? JSON(parsing: Array(line)))?["request"] else { return nil }
    isRetry = (request["try"]?.int ?? 0) > 0
    var hash = FramedHash(domain: "stemma chain 1")
    for name in ["provider", "model", "revision", "task", "draw"] {
      hash.add(request[name]?.string ?? "")
    }
    let text = request["messages"]?.array?.first?["text"]?.string ?? ""
    hash.add(Array(text.utf8.prefix(Self.prefixLength)))
    digest = hash.finish()
    attempt = (request["draw"]?.string ?? "").split(separator: " ").prefix(4)
      .joined(separator: " ")
  }
}

extension CallNames {
  /// Takes what the records of all versions name that references of git name, live or not.
  package mutating func insert(
    namedByAllVersionsOf store: Store, didRead: (_ done: Int, _ total: Int) -> Void
  ) throws {
    guard try !store.isShallow else {
      throw StoreError(
        .refused, "older versions are not here, and they may name any call",
        hint: "fetch them first: git fetch --unshallow")
    }
    var starts: [ObjectID] = []
    for reference in try store.repository.references(under: "refs/")
    where !reference.name.hasPrefix("refs/stemma/") {
      do throws(GitError) {
        starts.append(try store.repository.resolve(reference.name))
      } catch {
        // A tag may name what is no commit.
        guard error.code == .invalid else { throw error }
      }
    }
    if let head = try store.repository.head.commit { starts.append(head) }
    starts += Self.otherHeads(of: store)
    var seen = Set<ObjectID>()
    var shards: [(object: ObjectID, kind: RecordKind)] = []
    for commit in try store.repository.history(from: starts) {
      for root in try store.repository.entries(ofTree: commit.tree) where root.mode == .folder {
        guard let kind = RecordKind(rawValue: root.name), Self.kinds.contains(kind),
          seen.insert(root.id).inserted
        else { continue }
        for folder in try store.repository.entries(ofTree: root.id)
        where folder.mode == .folder && seen.insert(folder.id).inserted {
          for file in try store.repository.entries(ofTree: folder.id)
          where seen.insert(file.id).inserted {
            let path = "\(root.name)/\(folder.name)/\(file.name)"
            if ArtifactPath(path)?.kind == kind { shards.append((file.id, kind)) }
          }
        }
      }
    }
    for (number, shard) in shards.enumerated() {
      didRead(number, shards.count)
      try insert(namedIn: shard.object, shard.kind, store.reader)
    }
  }

  /// Where the other working trees are, of which some name no branch.
  private static func otherHeads(of store: Store) -> [ObjectID] {
    let folder = store.repository.commonDirectory.appending(path: "worktrees")
    let names =
      (try? FileManager.default.contentsOfDirectory(
        atPath: folder.path(percentEncoded: false))) ?? []
    return names.compactMap { name in
      let file = folder.appending(path: "\(name)/HEAD")
      return (try? String(contentsOf: file, encoding: .utf8)).flatMap {
        ObjectID(hex: $0.trimmingCharacters(in: .whitespacesAndNewlines))
      }
    }
  }
}
