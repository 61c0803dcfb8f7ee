package import ArtifactStore
import Dispatch
package import Git
import Synchronization

/// What reading a dataset again has found.
package struct Verification: Sendable {
  /// How much is read.
  package enum Depth: Sendable, Hashable {
    /// Whether all that the present version names is there; no content is read.
    case quick
    /// The present version and the recorded calls.
    case present
    /// Every version of all branches and tags, the calls, and the files of packs and indexes.
    case full
    /// As full, but the content of only so many artifacts of a hundred, chosen at random.
    case sample(percent: Double)
  }

  /// One thing that is not as it must be.
  package struct Damage: Sendable, Hashable {
    /// A path in a version, a reference, a record, or a file.
    package let place: String
    package let message: String
    /// The artifact, where it is one.
    package var artifact: Artifact?

    /// An artifact with its object.
    package struct Artifact: Sendable, Hashable {
      package let path: String
      package let object: ObjectID
    }
  }

  package internal(set) var damages: [Damage] = []
  /// What is not here though records name it; no damage, but not traceable here.
  package internal(set) var missingCalls = 0
  /// Whether records name others that are not in the version; then nothing else is damaged.
  package internal(set) var hasLooseReferences = false
  package internal(set) var artifactCount = 0
  package internal(set) var recordCount = 0
  package internal(set) var versionCount = 0

  package var isClean: Bool { damages.isEmpty }

  let store: Store
  let depth: Depth
  private var checked = Set<Place>()
  /// The artifacts whose turn comes when all are known.
  private var waiting: [Waiting] = []

  private typealias Waiting = (path: ArtifactPath, object: ObjectID, place: String)
  /// So many are worth to be checked beside each other.
  private static let artifactsAtOnce = 64

  /// An object under a name: the same bytes under another name are to be other records.
  private struct Place: Hashable {
    let object: ObjectID
    let path: String
  }

  /// Checks a dataset.
  ///
  /// Of the present version also the references between records are checked.
  ///
  /// - Parameters:
  ///   - store: The dataset.
  ///   - depth: How much is read.
  ///   - didCheck: Told how many artifacts of how many were checked so far.
  /// - Throws: ``StoreError`` for what is no damage, such as a file that may not be read.
  package init(
    _ store: Store, depth: Depth = .full,
    didCheck: (_ artifactCount: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(StoreError) {
    self.store = store
    self.depth = depth
    let isDeep = depth != .quick && depth != .present
    if isDeep { checkFiles() }
    do throws(StoreError) {
      if depth != .quick { try checkCalls() }
      let head = try store.head()
      for commit in isDeep ? history(head) : [head?.commit].compactMap(\.self) {
        versionCount += 1
        checkObject(commit.id, as: .commit, place: "version \(commit.id)")
        check(tree: commit.tree, path: "", of: commit.id)
      }
      checkWaiting(didCheck)
      guard depth != .quick, damages.isEmpty, let head else { return }
      try checkReferences(head)
      try checkMemos(head)
    } catch {
      // What a reference names must be there.
      guard [.notFound, .missing, .corrupt].contains(error.code) else { throw error }
      checkWaiting(didCheck)
      report("the history", error.message)
    }
  }

  /// The versions of all branches and tags; where one is not there, those up to it.
  private mutating func history(_ head: Version?) -> [Commit] {
    var commits: [Commit] = []
    var seen = Set<ObjectID>()
    var starts = [("HEAD", head?.commit.id)]
    for prefix in ["refs/heads/", "refs/tags/", "refs/remotes/"] {
      for reference in (try? store.repository.references(under: prefix)) ?? [] {
        starts.append((reference.name, reference.id))
      }
    }
    let boundary = (try? store.repository.shallowCommits) ?? []
    for (name, start) in starts {
      guard let start else { continue }
      do {
        var next = [try store.repository.resolve(start.hex)]
        while let id = next.popLast() {
          guard seen.insert(id).inserted else { continue }
          let commit = try store.repository.commit(id)
          commits.append(commit)
          if !boundary.contains(id) { next += commit.parents }
        }
      } catch {
        report(name, error.message)
      }
    }
    return commits
  }

  mutating func report(_ place: String, _ message: String, _ artifact: Damage.Artifact? = nil) {
    damages.append(Damage(place: place, message: message, artifact: artifact))
  }

  /// Compares packs and the index of records with the checksums in them.
  private mutating func checkFiles() {
    for pack in (try? store.repository.packs()) ?? [] {
      guard let damage = store.repository.damage(inPack: pack) else { continue }
      report("pack \(pack)", damage)
    }
    for damage in store.index.damages() {
      report(".git/stemma/index", "\(damage); it can be removed, and is made anew")
    }
    for damage in (try? store.links.damages()) ?? [] {
      report(".git/stemma/links", "\(damage); it can be removed, and is made anew")
    }
  }

  private mutating func check(tree: ObjectID, path: String, of version: ObjectID) {
    guard checked.insert(Place(object: tree, path: path)).inserted else { return }
    let place = path.isEmpty ? "the tree of version \(version)" : path
    checkObject(tree, as: .tree, place: place)
    let entries: [TreeEntry]
    do {
      entries = try store.repository.entries(ofTree: tree)
    } catch {
      if damages.last?.place != place { report(place, error.message) }
      return
    }
    for entry in entries {
      let name = path.isEmpty ? entry.name : "\(path)/\(entry.name)"
      if entry.mode == .folder {
        // Deeper than any dataset; a stranger's repository must not use up the stack.
        guard name.split(separator: "/").count < 16 else {
          report(name, "folders are nested too deep")
          continue
        }
        check(tree: entry.id, path: name, of: version)
      } else if entry.mode != .submodule,
        checked.insert(Place(object: entry.id, path: name)).inserted
      {
        if let artifact = ArtifactPath(name) {
          enqueue(artifact, entry.id, place: name)
        } else {
          checkObject(entry.id, as: .blob, place: name)
        }
      }
    }
  }

  private mutating func checkCalls() throws(StoreError) {
    for reference in try CallReferences.all(in: store.repository) {
      do {
        let tree = try store.repository.commit(reference.id).tree
        for file in try store.repository.files(inTree: tree) {
          guard checked.insert(Place(object: file.entry.id, path: file.path)).inserted else {
            continue
          }
          guard let path = ArtifactPath(file.path),
            path.kind == .calls || path.kind == .tombstones
          else {
            report("\(reference.name): \(file.path)", "this is no shard of calls or drops")
            continue
          }
          enqueue(path, file.entry.id, place: "\(reference.name): \(file.path)")
        }
      } catch {
        report(reference.name, error.message)
      }
    }
  }

  /// Reads a git object and compares it with its name.
  private mutating func checkObject(_ id: ObjectID, as kind: ObjectKind, place: String) {
    do {
      _ = try object(id, as: kind)
    } catch {
      report(place, error.message)
    }
  }

  /// Reads a git object and compares it with its name; nil when it is not read.
  private func object(_ id: ObjectID, as kind: ObjectKind) throws(StoreError) -> [UInt8]? {
    do throws(GitError) {
      if depth == .quick, kind == .blob {
        guard try store.repository.sizeInBytes(of: id) <= Shard.maximumSizeInBytes else {
          throw GitError(.tooLarge, "it is larger than any artifact")
        }
        return nil
      }
      let bytes = try store.repository.read(
        id, as: kind, maximumSizeInBytes: Shard.maximumSizeInBytes)
      guard ObjectID(hashing: kind, bytes) == id else {
        throw GitError(.corrupt, "git object '\(id)' holds other bytes than its name says")
      }
      return bytes
    } catch {
      throw StoreError(error)
    }
  }

  private mutating func enqueue(_ path: ArtifactPath, _ id: ObjectID, place: String) {
    if case .sample(let percent) = depth, Double.random(in: 0..<100) >= percent { return }
    waiting.append((path, id, place))
  }

  private mutating func checkWaiting(_ didCheck: (_ artifactCount: Int, _ total: Int) -> Void) {
    let verification = self
    for start in stride(from: 0, to: waiting.count, by: Self.artifactsAtOnce) {
      didCheck(artifactCount, waiting.count)
      let part = waiting[start...].prefix(Self.artifactsAtOnce)
      let results = Mutex([Result<Int, StoreError>?](repeating: nil, count: part.count))
      DispatchQueue.concurrentPerform(iterations: part.count) { number in
        let result = Result { () throws(StoreError) in
          try verification.recordCount(of: part[start + number])
        }
        results.withLock { $0[number] = result }
      }
      for (result, artifact) in zip(results.withLock(\.self), part) {
        switch result {
        case .success(let count): recordCount += count
        case .failure(let error):
          report(
            artifact.place, error.message,
            Damage.Artifact(path: artifact.path.text, object: artifact.object))
        case nil: break
        }
      }
      artifactCount += part.count
    }
    waiting = []
  }

  /// The number of records of an artifact that is sound.
  private func recordCount(of artifact: Waiting) throws(StoreError) -> Int {
    guard let frame = try object(artifact.object, as: .blob) else { return 0 }
    return try CheckedArtifact(
      artifact.path, frame: frame, object: artifact.object, reader: store.reader
    ).lines.count
  }

  private mutating func checkMemos(_ version: Version) throws(StoreError) {
    guard damages.isEmpty, let memo = version.memos["Dataset-Digest"] else { return }
    let digest = try version.datasetDigest()
    if memo != digest.hex {
      report(
        "version \(version.commit.id)", "Dataset-Digest is \(digest), and its commit says \(memo)")
    }
  }
}
