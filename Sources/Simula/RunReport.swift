package import ArtifactStore
package import Git
package import Teachers

/// A run that failed after it had committed what it had.
package struct RunStopped: Error, Sendable {
  package let cause: any Error
  package let report: RunReport
}

/// What a run came to.
package struct RunReport: Sendable {
  package var runID: String
  /// The versions that the run made: none, the sources, the data, or both.
  package var versions: [ObjectID] = []
  package var wanted = 0
  package var kept = 0
  package var exhaustedSlots = 0
  package var counts = CallCache.Counts()
  /// What was spent until now, over all times the run was resumed.
  package var spent = Budget.Spent()
  package var difference = VersionWriter.Difference()
  /// How many attempts or drafts were not accepted, by reason.
  package var rejections: [Rejection: Int] = [:]
  package var notices: [String] = []
  /// What filling gaps came to; nil where the recipe asks for none.
  package var gaps: GapReport?
  package var datasetDigest: Digest?
  /// Why fewer samples were kept than wanted, or nil.
  package var shortfall: String?
  /// The last stage that was asked for.
  package var until = StageName.samples
  package var duration = Duration.zero
  /// How much of it went into comparing samples with each other and with held-out sets.
  package var duplicateTime = Duration.zero

  package var isUpToDate: Bool { versions.isEmpty && shortfall == nil }
}
