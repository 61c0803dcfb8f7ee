package import ArtifactStore

/// What is recorded, counted by what people ask about it.
package struct CallStatistics: Sendable {
  /// Calls of one model or task.
  package struct Tally: Sendable, Hashable {
    package private(set) var callCount = 0
    package private(set) var usage = Usage()

    fileprivate mutating func add(_ usage: Usage) {
      callCount += 1
      // Counts come from servers, and from lines of others.
      self.usage.inputTokens &+= usage.inputTokens
      self.usage.outputTokens &+= usage.outputTokens
    }
  }

  /// More names than this are counted together, for a stranger's calls may have any.
  private static let nameCount = 10_000
  package static let otherNames = "(others)"

  /// Different calls, each counted once.
  package let callCount: Int
  /// Those in this copy's own histories.
  package private(set) var ownCount = 0
  /// Those that only a fetch brought, by remote; several may have the same.
  package private(set) var fetchedCounts: [String: Int] = [:]
  /// Those that were fetched once, and that no remote has any more.
  package private(set) var keptCount = 0
  /// Those that only the journal has.
  package let unsealedCount: Int
  package let unsealedSizeInBytes: Int
  package let keyCount: Int
  /// Those that no longer answer.
  package let droppedCount: Int
  /// Those that live records of the present version name; nil before the first version.
  package private(set) var presentCount: Int?
  /// Those that records of any version name; nil where older versions are not here.
  package private(set) var namedCount: Int?
  package private(set) var total = Tally()
  package private(set) var finishes: [Answer.Finish: Int] = [:]
  package private(set) var models: [String: Tally] = [:]
  package private(set) var tasks: [String: Tally] = [:]
  /// Lines that are no calls in the form of this program.
  package private(set) var unreadableCount = 0
  package let fileCount: Int
  package let sizeInGit: Int
  /// When the first and the last were sealed, in seconds since 1970.
  package let sealedTimes: ClosedRange<Int64>?

  /// Reads all calls, and the records of all versions; memory grows by some bytes a call.
  ///
  /// - Parameters:
  ///   - store: The dataset.
  ///   - didRead: Told what is read, how many files of it, and of how many.
  /// - Throws: ``StoreError`` when calls or records cannot be read.
  package init(
    _ store: Store, didRead: (_ what: String, _ done: Int, _ total: Int) -> Void
  ) throws {
    let lines = try CallLines(store)
    callCount = lines.count
    unsealedCount = lines.unsealed.count
    unsealedSizeInBytes = lines.unsealed.reduce(0) { $0 + $1.line.count }
    keyCount = try lines.keyCount()
    droppedCount = lines.drops.calls.count { lines.contains($0) }
    fileCount = lines.shards.count
    sizeInGit = try lines.sizeInGit()
    sealedTimes = try lines.sealedTimes()
    countPlaces(lines)
    try countNamed(lines, didRead)
    try lines.forEach(didRead: { didRead("files of calls read", $0, $1) }) { line, _ in
      count(CallOutline(line))
    }
  }

  private mutating func countPlaces(_ lines: CallLines) {
    for (shard, count) in zip(lines.shards, lines.memberCounts) {
      let remotes = Set(shard.references.compactMap(CallReferences.remote))
      if shard.references.contains(where: { $0.hasPrefix(CallReferences.own) }) {
        ownCount += count
      } else if remotes.isEmpty {
        keptCount += count
      } else {
        for remote in remotes { fetchedCounts[remote, default: 0] += count }
      }
    }
  }

  private mutating func countNamed(
    _ lines: CallLines, _ didRead: (_ what: String, _ done: Int, _ total: Int) -> Void
  ) throws {
    if let head = try lines.store.head() {
      var names = CallNames(of: lines)
      try names.insert(namedBy: head)
      presentCount = names.count + names.unsealedCount(of: lines)
    }
    guard try !lines.store.isShallow else { return }
    var names = CallNames(of: lines)
    try names.insert(namedByAllVersionsOf: lines.store) {
      didRead("files of records read", $0, $1)
    }
    namedCount = names.count + names.unsealedCount(of: lines)
  }

  private mutating func count(_ call: CallOutline?) {
    guard let call else {
      unreadableCount += 1
      return
    }
    total.add(call.usage)
    finishes[call.finish, default: 0] += 1
    let model =
      models.count < Self.nameCount || models[call.model] != nil ? call.model : Self.otherNames
    models[model, default: Tally()].add(call.usage)
    let task =
      tasks.count < Self.nameCount || tasks[call.task] != nil ? call.task : Self.otherNames
    tasks[task, default: Tally()].add(call.usage)
  }
}
