import Foundation
import Pipeline
import Synchronization

/// Shows how a run goes on: a line that is kept up to date on a terminal, nothing elsewhere.
final class RunReporter: RunObserver {
  private struct State {
    var stage = ""
    var stageStart = ContinuousClock.now
    var lastShown: ContinuousClock.Instant?
    var isLineOpen = false
    var lastNoted = ContinuousClock.now
  }

  private static let interval = Duration.milliseconds(100)
  /// How often a line is written where there is no terminal.
  private static let noteInterval = Duration.seconds(60)
  private let isShown: Bool
  private let state = Mutex(State())

  init(isShown: Bool = Output.isTerminal(STDERR_FILENO)) { self.isShown = isShown }

  func update(_ progress: RunProgress) {
    guard isShown else { return note(progress) }
    let line: String? = state.withLock { state in
      let now = ContinuousClock.now
      if state.stage != progress.stage {
        state.stage = progress.stage
        state.stageStart = now
        state.lastShown = nil
      }
      if let last = state.lastShown, last.duration(to: now) < Self.interval { return nil }
      state.lastShown = now
      state.isLineOpen = true
      return RunReporter.line(progress, elapsed: state.stageStart.duration(to: now))
    }
    if let line { show("\r\u{1B}[K" + line.prefix(Self.width)) }
  }

  /// The columns of the terminal but for the last, in which some terminals wrap.
  private static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 1 else { return 79 }
    return Int(size.ws_col) - 1
  }

  private func note(_ progress: RunProgress) {
    let line: String? = state.withLock { state in
      let now = ContinuousClock.now
      if state.stage != progress.stage {
        state.stage = progress.stage
        state.stageStart = now
      }
      guard state.lastNoted.duration(to: now) >= Self.noteInterval else { return nil }
      state.lastNoted = now
      return RunReporter.line(progress, elapsed: state.stageStart.duration(to: now))
    }
    if let line { Output.complain(line) }
  }

  func notice(_ message: String) {
    end()
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

  static func line(_ progress: RunProgress, elapsed: Duration) -> String {
    let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
    let rate = seconds > 0.2 ? Double(progress.done) / seconds : 0
    var parts = [progress.stage]
    if let total = progress.total, total > 0 {
      let share = min(1, Double(progress.done) / Double(total))
      let filled = Int(share * 20)
      parts.append(
        "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled)
          + "] \(progress.done)/\(total)")
    } else {
      parts.append("\(progress.done)")
    }
    if rate > 0 { parts.append(String(format: rate < 10 ? "%.1f/s" : "%.0f/s", rate)) }
    let calls = progress.asked + progress.cached
    if calls > 0 {
      parts.append("\(progress.asked) asked, cache \(progress.cached * 100 / calls)%")
    }
    if let total = progress.total, rate > 0, progress.done < total {
      parts.append("\(clock(Double(total - progress.done) / rate)) left")
    }
    return parts.joined(separator: "  ")
  }

  static func clock(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 359_999).rounded(.up))
    return whole < 3600
      ? String(format: "%d:%02d", whole / 60, whole % 60)
      : String(format: "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60)
  }
}
