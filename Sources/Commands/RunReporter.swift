import CanonicalJSON
import Foundation
import Pipeline
import Synchronization
import Teachers

/// Shows how a run goes on: a line that is kept up to date on a terminal, now and then a line elsewhere,
/// or events for programs.
final class RunReporter: RunObserver {
  private struct State {
    var stage = ""
    var stageStart = ContinuousClock.now
    var lastShown: ContinuousClock.Instant?
    var isLineOpen = false
    var client: ServerClient?
  }

  /// How it is shown.
  enum Form {
    /// One line on a terminal.
    case live
    /// A line a minute, where there is no terminal.
    case notes
    /// An object a second, and one for each stage.
    case events
  }

  private let form: Form
  private let state = Mutex(State())

  init(asJSON isJSON: Bool = false) {
    form = isJSON ? .events : Output.isTerminal(STDERR_FILENO) ? .live : .notes
    // The first note comes after a while.
    if form == .notes { state.withLock { $0.lastShown = .now } }
  }

  /// Counts the retries of a client from now on.
  func follow(_ client: ServerClient) { state.withLock { $0.client = client } }

  private var interval: Duration {
    switch form {
    case .live: .milliseconds(100)
    case .notes: .seconds(60)
    case .events: .seconds(1)
    }
  }

  func update(_ progress: RunProgress) {
    let due: (progress: RunProgress, elapsed: Duration)? = state.withLock { state in
      let now = ContinuousClock.now
      if state.stage != progress.stage {
        state.stage = progress.stage
        state.stageStart = now
        if form != .notes { state.lastShown = nil }
      }
      if let last = state.lastShown, last.duration(to: now) < interval { return nil }
      state.lastShown = now
      state.isLineOpen = form == .live
      var progress = progress
      progress.retries = state.client?.retryCount ?? 0
      progress.inFlight = state.client?.requestCount ?? 0
      return (progress, state.stageStart.duration(to: now))
    }
    guard let (progress, elapsed) = due else { return }
    switch form {
    case .live:
      let width = Columns.count(of: STDERR_FILENO) ?? Columns.usual
      show("\r\u{1B}[K" + progress.line(elapsed: elapsed).prefix(width))
    case .notes: Output.complain(progress.line(elapsed: elapsed))
    case .events: Output.json("progress", members(progress, elapsed))
    }
  }

  private func members(_ progress: RunProgress, _ elapsed: Duration) -> [(String, JSON)] {
    [
      ("stage", .string(progress.stage)), ("done", JSON(progress.done)),
      ("total", progress.total.map { JSON($0) } ?? .null), ("asked", JSON(progress.asked)),
      ("cached", JSON(progress.cached)), ("in-flight", JSON(progress.inFlight)),
      ("retries", JSON(progress.retries)), ("tokens", JSON(progress.tokens)),
      ("money", .number(progress.money)), ("seconds", .number(Self.rounded(elapsed / .seconds(1)))),
      (
        "seconds-left",
        progress.secondsLeft(elapsed: elapsed).map { .number(Self.rounded($0)) } ?? .null
      ),
    ]
  }

  /// To the tenth.
  private static func rounded(_ seconds: Double) -> Double { (seconds * 10).rounded() / 10 }

  func notice(_ message: String) {
    end()
    guard form != .events else { return Output.json("notice", [("message", .string(message))]) }
    Output.complain("note: \(message)")
  }

  /// Leaves the line that is kept up to date.
  func end() {
    let wasOpen = state.withLock { state in
      defer { state.isLineOpen = false }
      return state.isLineOpen
    }
    if wasOpen { show("\r\u{1B}[K") }
  }

  private func show(_ text: String) {
    FileHandle.standardError.write(Data(text.utf8))
  }
}
