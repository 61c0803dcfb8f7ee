/// What a run tells while it goes on.
package struct RunProgress: Sendable, Hashable {
  /// The stage that is worked on.
  package var stage: String
  /// How many units of the stage are done, and of how many; nil where nobody can know.
  package var done: Int
  package var total: Int?
  /// Answers asked of models and found in the cache so far.
  package var asked: Int
  package var cached: Int

  package init(stage: String, done: Int, total: Int?, asked: Int, cached: Int) {
    self.stage = stage
    self.done = done
    self.total = total
    self.asked = asked
    self.cached = cached
  }
}

/// Whoever wants to know how a run goes on; called often and from any task.
package protocol RunObserver: Sendable {
  func update(_ progress: RunProgress)
  /// Something a person should know that is no error: a cap that binds, a node left as a leaf.
  func notice(_ message: String)
}
