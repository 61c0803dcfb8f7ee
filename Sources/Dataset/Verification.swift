package import ArtifactStore
import CanonicalJSON
import Git

/// What reading everything again has found.
package struct Verification: Sendable {
  /// One thing that is not as it must be.
  package struct Damage: Sendable, Hashable {
    /// A path in a version, a reference, or a record.
    package let place: String
    package let message: String
  }

  package private(set) var damages: [Damage] = []
  /// What is not here though records name it; no damage, but not traceable here.
  package private(set) var missingCalls = 0
  package private(set) var artifactCount = 0
  package private(set) var recordCount = 0
  package private(set) var versionCount = 0

  package var isClean: Bool { damages.isEmpty }

  private let store: Store
  private var checked = Set<ObjectID>()
  private var held: [RecordID: RecordKind] = [:]

  /// Reads and hashes every artifact of every version of all branches and tags, and all recorded
  /// calls; what live records name is checked in one version.
  package init(_ store: Store, from start: Version?) throws(StoreError) {
    self.store = store
    try checkCalls()
    guard let start else { return }
    for commit in try history(start) {
      versionCount += 1
      checkObject(commit.id, as: .commit, place: "version \(commit.id)")
      check(tree: commit.tree, path: "", of: commit.id)
    }
    if damages.isEmpty { try checkReferences(start) }
    try checkMemos(start)
  }

  private func history(_ start: Version) throws(StoreError) -> [Commit] {
    do {
      var starts = [start.commit.id]
      for prefix in ["refs/heads/", "refs/tags/", "refs/remotes/"] {
        for reference in try store.repository.references(under: prefix) {
          starts.append(try store.repository.resolve(reference.name))
        }
      }
      return try store.repository.history(from: starts)
    } catch {
      throw StoreError(error, while: "cannot read the history")
    }
  }

  private mutating func report(_ place: String, _ message: String) {
    damages.append(Damage(place: place, message: message))
  }

  private mutating func check(tree: ObjectID, path: String, of version: ObjectID) {
    guard checked.insert(tree).inserted else { return }
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
      } else if entry.mode != .submodule, checked.insert(entry.id).inserted {
        if let artifact = ArtifactPath(name) {
          check(artifact, entry.id, place: name)
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
          guard checked.insert(file.entry.id).inserted else { continue }
          guard let path = ArtifactPath(file.path), path.kind == .calls else {
            report("\(reference.name): \(file.path)", "this is no shard of calls")
            continue
          }
          check(path, file.entry.id, place: "\(reference.name): \(file.path)")
        }
      } catch {
        report(reference.name, error.message)
      }
    }
  }

  /// Reads a git object and compares it with its name; nil when it is damaged.
  @discardableResult
  private mutating func checkObject(
    _ id: ObjectID, as kind: ObjectKind, place: String
  ) -> [UInt8]? {
    do {
      let bytes = try store.repository.read(
        id, as: kind, maximumSizeInBytes: Shard.maximumSizeInBytes)
      guard ObjectID(hashing: kind, bytes) == id else {
        report(place, "git object '\(id)' holds other bytes than its name says")
        return nil
      }
      return bytes
    } catch {
      report(place, error.message)
      return nil
    }
  }

  private mutating func check(_ path: ArtifactPath, _ id: ObjectID, place: String) {
    guard let frame = checkObject(id, as: .blob, place: place) else { return }
    artifactCount += 1
    do {
      let bytes = try store.reader.content(of: frame, from: id)
      guard Digest(of: bytes) == path.digest else {
        report(place, "its bytes do not hash to its name")
        return
      }
      guard let kind = path.kind else {
        guard (try? JSON(parsing: bytes)) != nil else {
          report(place, "it is not JSON")
          return
        }
        return
      }
      for record in try Shard.records(kind, bytes) {
        recordCount += 1
        held[record.id] = kind
        // Imported lines are opaque.
        if kind == .imports { continue }
        guard try record.value().canonicalBytes == record.line else {
          report(place, "record '\(record.id)' is not canonical JSON")
          return
        }
      }
    } catch {
      report(place, error.message)
    }
  }

  /// Checks that what live records name is there.
  private mutating func checkReferences(_ version: Version) throws(StoreError) {
    let references: [(RecordKind, member: String, to: Set<RecordKind>)] = [
      (.metaPrompts, "mix", [.mixes]), (.metaPrompts, "from", [.metaPrompts]),
      (.samples, "meta-prompt", [.metaPrompts]), (.rejections, "meta-prompt", [.metaPrompts]),
    ]
    var judged = Set<String>()
    for kind in RecordKind.versioned {
      for record in try version.records(kind) {
        let value = try record.value()
        for reference in references where reference.0 == kind {
          guard let text = value[reference.member]?.string, !text.isEmpty else { continue }
          guard let id = RecordID(hex: text), let found = held[id], reference.to.contains(found)
          else {
            report(
              "\(kind.rawValue) \(record.id)",
              "it names \(reference.member) '\(text)', which is nowhere")
            continue
          }
        }
        if let text = value["call"]?.string, let id = RecordID(hex: text), held[id] != .calls {
          missingCalls += 1
        }
        if kind == .samples { judged.insert(record.id.hex) }
        if kind == .rejections, let sample = value["sample"]?.string { judged.insert(sample) }
        if kind == .verdicts, let sample = value["sample"]?.string, !judged.contains(sample) {
          report("verdicts \(record.id)", "it judges '\(sample)', which is nowhere")
        }
      }
    }
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
