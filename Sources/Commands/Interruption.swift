import Dispatch
import Foundation
import Synchronization

/// Makes Ctrl-C stop work in an orderly way, and a second one at once.
enum Interruption {
  static func stopping<Value: Sendable>(
    _ work: @escaping @Sendable () async throws -> Value
  ) async throws -> Value {
    let task = Task { try await work() }
    let count = Mutex(0)
    let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        let isFirst = count.withLock { count in
          count += 1
          return count == 1
        }
        guard isFirst else { exit(ExitStatus.interrupted.rawValue) }
        Output.complain(
          "stopping when what is under way is answered; every answer so far is kept (again to stop "
            + "at once)")
        task.cancel()
      }
      source.resume()
      return source
    }
    defer { for source in sources { source.cancel() } }
    return try await withTaskCancellationHandler {
      try await task.value
    } onCancel: {
      task.cancel()
    }
  }
}
