import ArtifactStore
import Git

/// The calls of this and other writers at a remote.
struct RemoteCalls {
  /// Hosts refuse pushes that are too large; calls go in steps of at most this.
  private static let pushSizeInBytes = 1 << 30

  private let store: Store
  private let git: GitCommand
  private let remote: String

  init(_ store: Store, _ git: GitCommand, remote: String) {
    self.store = store
    self.git = git
    self.remote = remote
  }

  /// What `git fetch` must be told so that it never overwrites calls that are only here.
  static func refspec(_ remote: String) -> String {
    "+\(CallReferences.own)*:\(CallReferences.fetched)\(remote)/calls/*"
  }

  /// Makes a later plain `git fetch` bring calls as well.
  func configure() throws {
    let name = "remote.\(remote).fetch"
    let present = (try? git.lines(["config", "--get-all", name])) ?? []
    guard !present.contains(Self.refspec(remote)) else { return }
    try git.run(["config", "--add", name, Self.refspec(remote)])
  }

  func fetch() throws {
    try git.run(["fetch", "--quiet", "--no-tags", remote, Self.refspec(remote)])
    try store.repository.refresh()
  }

  /// Sends the calls of this writer that the remote has not.
  ///
  /// - Returns: How many commits of calls were sent.
  func push() throws -> Int {
    try fetch()
    guard var own = try ownReference() else { return 0 }
    var known = try remoteReference(own.writer)
    if let there = known, there != own.id, try store.repository.mergeBase(there, own.id) != there {
      // Somebody else writes under this name, as in a copied folder.
      own = try renamed(own)
      known = nil
    }
    var count = 0
    for step in try steps(from: known, to: own.id) {
      try git.run(["push", "--quiet", remote, "\(step.commit):\(CallReferences.own)\(own.writer)"])
      count += step.count
    }
    if count > 0 { try fetch() }
    return count
  }

  /// What the remote itself says it has: what was fetched once may be gone there.
  private func remoteReference(_ writer: String) throws -> ObjectID? {
    let lines = try git.lines(["ls-remote", remote, CallReferences.own + writer])
    return lines.first.flatMap { ObjectID(hex: $0.prefix { $0 != "\t" }) }
  }

  private func ownReference() throws -> (writer: String, id: ObjectID)? {
    let writer = try WriterIdentity.current(in: store.folder)
    return try store.repository.reference(CallReferences.own + writer).map { (writer, $0) }
  }

  private func renamed(
    _ own: (writer: String, id: ObjectID)
  ) throws -> (writer: String, id: ObjectID) {
    let lock = try store.lock(purpose: "stemma push")
    defer { withExtendedLifetime(lock) {} }
    let writer = try WriterIdentity.renew(in: store.folder)
    try store.repository.updateReference(
      CallReferences.own + writer, to: own.id, expecting: nil, message: "stemma: new writer")
    try store.repository.updateReference(
      CallReferences.own + own.writer, to: nil, expecting: own.id, message: "stemma: new writer")
    return (writer, own.id)
  }

  /// The commits to push one after the other, each with the number of commits that it brings.
  private func steps(
    from known: ObjectID?, to tip: ObjectID
  ) throws -> [(commit: ObjectID, count: Int)] {
    var commits: [Commit] = []
    var next: ObjectID? = tip
    while let id = next, id != known {
      let commit = try store.repository.commit(id)
      commits.append(commit)
      next = commit.parents.first
    }
    var steps: [(commit: ObjectID, count: Int)] = []
    var size = 0
    var count = 0
    for (place, commit) in commits.enumerated().reversed() {
      let parent = try commit.parents.first.map { try store.repository.commit($0).tree }
      for change in try store.repository.changes(from: parent, to: commit.tree) {
        guard let new = change.new else { continue }
        size += try store.repository.sizeInBytes(of: new.id)
      }
      count += 1
      if place == 0 || size >= Self.pushSizeInBytes {
        steps.append((commit.id, count))
        (size, count) = (0, 0)
      }
    }
    return steps
  }
}
