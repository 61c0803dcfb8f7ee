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
      return progress.line(elapsed: state.stageStart.duration(to: now))
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
      return progress.line(elapsed: state.stageStart.duration(to: now))
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
}
