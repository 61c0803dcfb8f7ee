package import ArtifactStore

/// Finds what descends from something: the records whose request, value or decision depends on it.
package struct Impact {
  private let version: Version

  package init(_ version: Version) throws {
    self.version = version
  }

  /// The live records of the version that descend from a root.
  package func descendants(of root: ImpactRoot) throws -> ImpactResult {
    var result = ImpactResult()
    for kind in CallNames.kinds {
      try version.forEachRecord(kind) { (record) throws(StoreError) in
        guard case .call(let call) = root, CallMember.id(in: record.line[...]) == call else {
          return
        }
        result.records[kind, default: []].append(record.id)
      }
    }
    return result
  }
}
