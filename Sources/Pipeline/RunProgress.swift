import Foundation

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
  /// Requests that models have now, and those that were asked again after a failure.
  package var inFlight = 0
  package var retries = 0
  /// Of requests and answers together, with their price where one is known.
  package var tokens = 0
  package var money = 0.0

  package init(stage: String, done: Int, total: Int?, asked: Int, cached: Int) {
    self.stage = stage
    self.done = done
    self.total = total
    self.asked = asked
    self.cached = cached
  }
}

extension RunProgress {
  /// The state in one line: how far, how fast, at what cost, and how long still.
  ///
  /// - Parameter elapsed: The time since the stage began.
  /// - Returns: The line, which has no end of line.
  package func line(elapsed: Duration) -> String {
    let seconds = elapsed / .seconds(1)
    let rate = seconds > 0.2 ? Double(done) / seconds : 0
    var parts = [stage]
    if let total, total > 0 {
      let filled = Int(min(1, Double(done) / Double(total)) * 20)
      parts.append(
        "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
          + "] \(done)/\(total)")
    } else {
      parts.append("\(done)")
    }
    if rate > 0 { parts.append(RunProgress.pace(rate)) }
    if let left = secondsLeft(elapsed: elapsed) { parts.append("\(RunProgress.clock(left)) left") }
    let calls = asked + cached
    if calls > 0 { parts.append("\(asked) asked, cache \(cached * 100 / calls)%") }
    if inFlight > 0 { parts.append("\(inFlight) in flight") }
    if retries > 0 { parts.append(retries == 1 ? "1 retry" : "\(retries) retries") }
    if money > 0 { parts.append(String(format: "cost %.2f", money)) }
    if tokens > 0 { parts.append("\(RunProgress.short(tokens)) tokens") }
    return parts.joined(separator: "  ")
  }

  /// How long the rest of the stage takes at the pace so far; nil where nobody can know.
  package func secondsLeft(elapsed: Duration) -> Double? {
    let seconds = elapsed / .seconds(1)
    guard let total, done > 0, done < total, seconds > 0.2 else { return nil }
    return Double(total - done) * seconds / Double(done)
  }

  /// A number with three digits at most.
  private static func short(_ count: Int) -> String {
    switch count {
    case ..<1000: "\(count)"
    case ..<1_000_000: String(format: count < 9950 ? "%.1fk" : "%.0fk", Double(count) / 1e3)
    default: String(format: count < 9_950_000 ? "%.1fM" : "%.0fM", Double(count) / 1e6)
    }
  }

  /// How many units a second, or the seconds of one where models are slow.
  private static func pace(_ rate: Double) -> String {
    if rate >= 10 { return String(format: "%.0f/s", rate) }
    return rate >= 0.5 ? String(format: "%.1f/s", rate) : String(format: "%.0f s each", 1 / rate)
  }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 359_999).rounded(.up))
    return whole < 3600
      ? String(format: "%d:%02d", whole / 60, whole % 60)
      : String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
  }
}

/// Whoever wants to know how a run goes on; called often and from any task.
package protocol RunObserver: Sendable {
  func update(_ progress: RunProgress)
  /// Something a person should know that is no error: a cap that binds, a node left as a leaf.
  func notice(_ message: String)
}
