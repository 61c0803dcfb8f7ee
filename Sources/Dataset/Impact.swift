package import ArtifactStore
import CanonicalJSON
import Git

/// Finds what descends from something: the records whose request, value or acceptance depends on it.
///
/// A record descends from what its request was made of (a sample from its meta-prompt, a refined draft
/// from the draft before it and the verdict on that), from the call that answered it, and a sample or
/// rejection from the verdicts that decided on it. That one attempt follows another, or one sample is
/// the duplicate of another, is no descent. Nor do other branches of a tree descend from a node, though
/// the plan of a level was written with its name in view.
package struct Impact {
  private let version: Version
  private let didRead: (_ done: Int, _ total: Int) -> Void

  /// Looks at a version.
  ///
  /// - Parameters:
  ///   - version: Whose live records count.
  ///   - didRead: Told how many shards of how many were read, where many have to be.
  /// - Throws: Nothing yet; what cannot be read is found out when it is asked for.
  package init(
    _ version: Version, didRead: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    self.version = version
    self.didRead = didRead
  }

  /// The live records of the version that descend from a root.
  ///
  /// - Throws: ``StoreError`` when records cannot be read.
  /// - Complexity: Goes with the number of records found; for a model or a template, and the first time
  ///   after a run, with the number of all calls or new records.
  package func descendants(of root: ImpactRoot) throws -> ImpactResult {
    var descent = try Descent(version, didRead: didRead)
    switch root {
    case .node(let node): try descent.add(nodes: [node])
    case .strategy(let strategy): try descent.add(strategies: [strategy])
    case .record(.calls, let id), .call(let id): try descent.add(calls: [id])
    case .record(let kind, let id): try descent.addDescendants(of: kind, id)
    case .calls(let ids): try descent.add(calls: ids)
    case .model(let name):
      try descent.add(calls: calls { $0.model.elementsEqual(name) })
    case .template(let task):
      try descent.add(calls: calls { $0.task.elementsEqual(task) })
    case .run(let id):
      for commit in try version.history() where Trailers(message: commit.message)["Run-Id"] == id {
        try add(firstIn: commit.id, to: &descent)
      }
    case .version(let id): try add(firstIn: id, to: &descent)
    case .stages(let stages): try descent.add(stages: stages)
    }
    return try descent.finish()
  }

  /// The models that recorded calls were asked of; every call is looked at.
  package func models() throws -> Set<String> {
    var models = Set<String>()
    _ = try calls { call in
      models.insert(call.model)
      return false
    }
    return models
  }

  /// The recorded calls whose request is of a kind; every call is looked at.
  private func calls(
    where isWanted: ((model: String, task: String)) -> Bool
  ) throws -> Set<RecordID> {
    var found = Set<RecordID>()
    // Models and tasks are few: each pair is decoded once.
    var known: [[UInt8]: Bool] = [:]
    func text(_ bytes: ArraySlice<UInt8>) -> String {
      (try? JSON(parsing: Array(bytes)))?.string ?? ""
    }
    try CallLines(version.store).forEach(didRead: didRead) { line, id in
      guard let (model, task) = CallLine.modelAndTask(of: line) else { return }
      let key = Array(model + task)
      let answer = known[key] ?? isWanted((text(model), text(task)))
      known[key] = answer
      if answer { found.insert(id) }
    }
    return found
  }

  /// What a commit of the version's history had first.
  private func add(firstIn commit: ObjectID, to descent: inout Descent) throws {
    let made = try version.store.version(commit)
    let parents = try made.commit.parents.filter { version.store.repository.contains($0) }
      .map { try version.store.version($0) }
    var new: [RecordKind: [RecordID]] = [:]
    if let parent = parents.first {
      for change in try RecordChanges.find(from: parent, to: made) {
        new[change.kind] = change.added
      }
    } else {
      for kind in RecordKind.versioned {
        let ids = try made.live(kind).ids
        if !ids.isEmpty { new[kind] = ids }
      }
    }
    for (kind, ids) in new {
      // What was removed and came back was there before.
      var before: [RecordSet] = []
      for parent in parents {
        try version.store.index.catchUp(tree: parent.tree, kinds: [kind])
        before.append(try parent.held(kind))
      }
      let live = try version.live(kind)
      try descent.add(
        kind, ids.filter { id in live.contains(id) && !before.contains { $0.contains(id) } })
    }
  }
}
