package import Pipeline
import Synchronization
package import Teachers

/// Where a run is, gathered from its parts and told to its observer.
package final class ProgressBoard: Sendable {
  private struct State {
    var stage = StageName.factors.rawValue
    var done = 0
    var total: Int?
    var counts = CallCache.Counts()
  }
  private let observer: any RunObserver
  private let state = Mutex(State())

  package init(_ observer: any RunObserver) { self.observer = observer }

  /// Begins a stage whose number of units is known or not.
  package func start(_ stage: StageName, total: Int? = nil) {
    start(stage.rawValue, total: total)
  }

  /// Begins work that is no stage, under a name of its own.
  package func start(_ name: String, total: Int?) {
    tell { state in
      state.stage = name
      state.done = 0
      state.total = total
    }
  }

  package func advance() { tell { $0.done += 1 } }
  package func advance(to done: Int) { tell { $0.done = done } }
  package func count(_ counts: CallCache.Counts) { tell { $0.counts = counts } }

  private func tell(_ change: (inout State) -> Void) {
    let progress = state.withLock { state in
      change(&state)
      let counts = state.counts
      var progress = RunProgress(
        stage: state.stage, done: state.done, total: state.total,
        asked: counts.asked, cached: counts.cached)
      progress.tokens = counts.usage.inputTokens + counts.usage.outputTokens
      progress.money = counts.money
      return progress
    }
    observer.update(progress)
  }
}
