package import Foundation
package import Git
import Synchronization

/// A dataset's repository with its indexes.
package final class Store: Sendable {
  package let repository: Repository
  package let reader: ShardReader
  /// `.git/stemma`, where everything local lives.
  package let folder: URL
  package let index: RecordIndex
  private let openedLinks = Mutex<LinkIndex?>(nil)

  /// Opens the dataset that holds a folder.
  ///
  /// - Throws: ``StoreError`` with code `notFound` when there is no repository.
  package convenience init(at directory: URL) throws(StoreError) {
    let repository: Repository
    do {
      repository = try Repository.open(at: directory)
    } catch {
      if error.code == .notARepository || error.code == .notFound {
        throw StoreError(
          .notFound, "no dataset in '\(directory.path(percentEncoded: false))'",
          hint: "make one with 'stemma init', or name its folder with -C")
      }
      throw StoreError(error)
    }
    try self.init(repository)
  }

  /// Takes a repository that is open, as a hook gets it.
  package init(_ repository: Repository) throws(StoreError) {
    self.repository = repository
    folder = repository.commonDirectory.appending(path: "stemma")
    reader = ShardReader(repository)
    index = try RecordIndex(
      repository: repository, reader: reader, folder: folder.appending(path: "index"))
  }

  /// Finds records by what they name; opened when it is first needed.
  package var links: LinkIndex {
    get throws(StoreError) {
      if let links = openedLinks.withLock({ $0 }) { return links }
      let links = try LinkIndex(
        repository: repository, reader: reader, folder: folder.appending(path: "links"))
      return openedLinks.withLock { opened in
        if opened == nil { opened = links }
        return opened ?? links
      }
    }
  }

  static var now: Int64 { Int64(Date().timeIntervalSince1970) }

  package func lock(purpose: String) throws(StoreError) -> WriterLock {
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw StoreError(
        .io, "cannot write in '\(folder.path(percentEncoded: false))'",
        hint: "check that you may write to the dataset")
    }
    return try WriterLock(at: folder.appending(path: "lock"), purpose: purpose)
  }

  /// A version by any name that git understands.
  package func version(_ revision: String) throws(StoreError) -> Version {
    let id: ObjectID
    do {
      id = try repository.resolve(revision)
    } catch {
      switch error.code {
      case .corrupt, .missingObject: throw StoreError(error)
      default:
        throw StoreError(
          .notFound, "no version '\(revision)'", hint: Self.hint(for: revision, in: repository))
      }
    }
    return try version(id)
  }

  private static func hint(for revision: String, in repository: Repository) -> String {
    if revision.contains("..") { return "give the two versions as two words" }
    if (try? repository.head.commit) == .some(nil) {
      return
        "the present branch has no version yet: 'stemma checkout BRANCH' goes to one that has, "
        + "'stemma init' makes a first one"
    }
    return "see 'stemma log' for the versions of this dataset"
  }

  /// Whether older versions were left out when this copy was made.
  package var isShallow: Bool {
    get throws(StoreError) {
      try convert { () throws(GitError) in try !repository.shallowCommits.isEmpty }
    }
  }

  package func version(_ id: ObjectID) throws(StoreError) -> Version {
    Version(store: self, commit: try convert { () throws(GitError) in try repository.commit(id) })
  }

  /// The version that HEAD names, or nil before the first commit.
  package func head() throws(StoreError) -> Version? {
    let head = try convert { () throws(GitError) in try repository.head }
    switch head {
    case .branch(_, let commit): return try commit.map { id throws(StoreError) in try version(id) }
    case .detached(let id): return try version(id)
    }
  }
}

extension Store {
  /// All recorded calls that are here, of every writer.
  package func calls() throws(StoreError) -> [Record] {
    var records: [Record] = []
    var seen = Set<RecordID>()
    for reference in try CallReferences.all(in: repository) {
      let files = try convert { () throws(GitError) in
        let tree = try repository.commit(reference.id).tree
        return try repository.files(inTree: tree, under: RecordKind.calls.rawValue)
      }
      for file in files where ArtifactPath(file.path)?.kind == .calls {
        for record in try Shard.records(.calls, try reader.artifact(file.entry.id))
        where seen.insert(record.id).inserted {
          records.append(record)
        }
      }
    }
    return records
  }
}
