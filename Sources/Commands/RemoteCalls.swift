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
    // What an earlier fetch brought stays, also if the remote has lost it.
    try store.keepFetchedCalls()
    try git.run(["fetch", "--quiet", "--no-tags", remote, Self.refspec(remote)])
    try store.repository.refresh()
    try store.keepFetchedCalls()
  }

  /// Sends the calls that are here and not there: this copy's own, and fetched ones that it lost.
  ///
  /// - Returns: How many commits of calls were sent.
  func push() throws -> Int {
    try fetch()
    var known = try remoteReferences()
    var count = 0
    for reference in try CallReferences.all(in: store.repository)
    where CallReferences.remote(reference.name) == nil {
      guard try !isThere(reference.id, CallReferences.writer(reference.name), known) else {
        continue
      }
      let (writer, base) = try destination(of: reference, known)
      for step in try steps(from: base, to: reference.id) {
        try git.run(["push", "--quiet", remote, "\(step.commit):\(CallReferences.own)\(writer)"])
        count += step.count
      }
      known[writer] = reference.id
    }
    if count > 0 { try fetch() }
    return count
  }

  /// What the remote itself says it has, by writer: what was fetched once may be gone there.
  private func remoteReferences() throws -> [String: ObjectID] {
    var tips: [String: ObjectID] = [:]
    for line in try git.lines(["ls-remote", remote, CallReferences.own + "*"]) {
      let parts = line.split(separator: "\t")
      guard parts.count == 2, let id = ObjectID(hex: String(parts[0])) else { continue }
      tips[CallReferences.writer(String(parts[1]))] = id
    }
    return tips
  }

  /// Whether a history of the remote holds a commit; its own writer's is looked at first.
  private func isThere(
    _ tip: ObjectID, _ writer: String, _ known: [String: ObjectID]
  ) throws -> Bool {
    if known.values.contains(tip) { return true }
    if let same = known[writer], store.repository.contains(same) {
      if try store.repository.contains(tip, in: same) { return true }
      // It goes on from there.
      if try store.repository.contains(same, in: tip) { return false }
    }
    for other in known.values where store.repository.contains(other) {
      if try store.repository.contains(tip, in: other) { return true }
    }
    return false
  }

  /// Under which name a history goes to the remote, and from which commit on.
  ///
  /// Where another history has its name there, as after a copied folder or a rewound remote, it takes a
  /// new one: nothing at a remote is ever overwritten.
  private func destination(
    of reference: (name: String, id: ObjectID), _ known: [String: ObjectID]
  ) throws -> (writer: String, base: ObjectID?) {
    let writer = CallReferences.writer(reference.name)
    guard let there = known[writer] else { return (writer, nil) }
    if store.repository.contains(there), try store.repository.contains(there, in: reference.id) {
      return (writer, there)
    }
    return (try rename(reference), nil)
  }

  private func rename(_ reference: (name: String, id: ObjectID)) throws -> String {
    let lock = try store.lock(purpose: "stemma push")
    defer { withExtendedLifetime(lock) {} }
    let writer = CallReferences.writer(reference.name)
    let prefix = reference.name.dropLast(writer.count)
    let name = WriterIdentity.make()
    try store.repository.updateReference(
      prefix + name, to: reference.id, expecting: nil, message: "stemma: new writer")
    if try WriterIdentity.current(in: store.folder) == writer, prefix == CallReferences.own {
      try WriterIdentity.set(name, in: store.folder)
    }
    try store.repository.updateReference(
      reference.name, to: nil, expecting: reference.id, message: "stemma: new writer")
    return name
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
