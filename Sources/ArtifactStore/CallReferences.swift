import Foundation
package import Git

/// Where calls are kept: this copy's own histories, fetched copies of others', and what keeps these
/// when a remote loses them.
package enum CallReferences {
  package static let own = "refs/stemma/calls/"
  package static let fetched = "refs/stemma/remotes/"
  package static let kept = "refs/stemma/kept/"

  /// All histories that are here, this copy's own first.
  package static func all(in repository: Repository) throws(StoreError)
    -> [(name: String, id: ObjectID)]
  {
    try convert { () throws(GitError) in
      try repository.references(under: own) + repository.references(under: kept)
        + fetched(in: repository)
    }
  }

  /// The copies that the last fetch of each remote brought.
  package static func fetched(in repository: Repository) throws(GitError)
    -> [(name: String, id: ObjectID)]
  {
    try repository.references(under: fetched).filter { $0.name.contains("/calls/") }
  }

  /// The writer that a reference is of.
  package static func writer(_ name: String) -> String {
    name.split(separator: "/").last.map(String.init) ?? name
  }

  /// The remote that a fetched copy came from, or nil for what is this copy's own.
  package static func remote(_ name: String) -> String? {
    guard name.hasPrefix(fetched), let end = name.range(of: "/calls/", options: .backwards) else {
      return nil
    }
    return String(name[name.index(name.startIndex, offsetBy: fetched.count)..<end.lowerBound])
  }
}

extension Store {
  /// Makes sure that calls which were fetched stay here when a fetch takes their reference back or
  /// away, as after a remote was rewound or made anew.
  ///
  /// - Throws: ``StoreError`` when references cannot be read or written.
  package func keepFetchedCalls() throws(StoreError) {
    let retired = RetiredCalls(self).writers
    for reference in try convert({ () throws(GitError) in
      try CallReferences.fetched(in: repository)
    }) where !retired.contains(CallReferences.writer(reference.name)) {
      do throws(GitError) {
        try keep(reference.id, of: CallReferences.writer(reference.name))
      } catch {
        // Another process keeps the same; what is no commit is nothing to keep.
        guard [.conflict, .invalid, .missingObject, .notFound].contains(error.code) else {
          throw StoreError(error)
        }
      }
    }
  }

  private func keep(_ tip: ObjectID, of writer: String) throws(GitError) {
    if let own = try repository.reference(CallReferences.own + writer),
      try repository.contains(tip, in: own)
    {
      return
    }
    let name = CallReferences.kept + writer
    let kept = try repository.reference(name)
    if let kept, try repository.contains(tip, in: kept) { return }
    if let kept, try !repository.contains(kept, in: tip) {
      // The remote's history is another one now; both stay.
      let others = try repository.references(under: CallReferences.kept)
      for other in others where try repository.contains(tip, in: other.id) { return }
      return try repository.updateReference(
        CallReferences.kept + UUID().uuidString.lowercased(), to: tip, expecting: nil,
        message: "stemma: keep fetched calls")
    }
    try repository.updateReference(
      name, to: tip, expecting: kept, message: "stemma: keep fetched calls")
  }
}

extension Repository {
  /// Whether a commit is another one or its ancestor.
  package func contains(_ commit: ObjectID, in tip: ObjectID) throws(GitError) -> Bool {
    if commit == tip { return true }
    return try mergeBase(commit, tip) == commit
  }
}
