import ArtifactStore
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// Reads one response whole: of success up to a limit, into memory or a file; of anything else no more than
/// explains it.
final class ResponseReader: HTTPClientResponseDelegate {
  /// Enough was read: the rest is not wanted.
  private struct Enough: Error {}

  private struct State {
    var head: HTTPResponseHead?
    var body: [UInt8] = []
    var isOversized = false
    /// How many bytes of success came.
    var count = 0
    /// Whether the file took all that came.
    var isWritten = true
    /// Its place among large bodies, once it is one.
    var place: Int?

    var isSuccess: Bool { head.map { (200...299).contains($0.status.code) } ?? false }
  }

  private static let mostOfAnError = 64 << 10

  private let limit: Int
  private let file: Int32?
  private let largeBodies: LargeBodies
  private let state = Mutex(State())

  /// - Parameters:
  ///   - limit: The most bytes of a response of success.
  ///   - file: Where its body goes, or nil for memory.
  ///   - largeBodies: Grants large ones their memory.
  init(limit: Int, file: Int32? = nil, largeBodies: LargeBodies) {
    self.limit = limit
    self.largeBodies = largeBodies
    self.file = file
  }

  /// How many bytes of a body of success have come.
  var count: Int { state.withLock(\.count) }

  /// Whether the file took all that came.
  var isWritten: Bool { state.withLock(\.isWritten) }

  func didReceiveHead(
    task: HTTPClient.Task<Void>, _ head: HTTPResponseHead
  ) -> EventLoopFuture<Void> {
    let declared = head.headers.first(name: "content-length").flatMap { Int($0) }
    let isOversized = state.withLock { state in
      state.head = head
      state.isOversized = state.isSuccess && (declared ?? 0) > limit
      if state.isSuccess, !state.isOversized, file == nil, let declared {
        state.body.reserveCapacity(min(declared, LargeBodies.sizeInBytes))
      }
      return state.isOversized
    }
    return goOn(!isOversized, task)
  }

  func didReceiveBodyPart(
    task: HTTPClient.Task<Void>, _ buffer: ByteBuffer
  ) -> EventLoopFuture<Void> {
    let isWanted = state.withLock { state in
      if state.isSuccess {
        state.count += buffer.readableBytes
        state.isOversized = state.count > limit
        guard !state.isOversized else { return false }
        guard let file else {
          state.body += buffer.readableBytesView
          return true
        }
        state.isWritten = DurableFile.append(Array(buffer.readableBytesView), to: file)
        return state.isWritten
      }
      state.body += buffer.readableBytesView
      return state.body.count < min(limit, Self.mostOfAnError)
    }
    guard isWanted, let turn = turn(on: task.eventLoop) else { return goOn(isWanted, task) }
    return turn
  }

  /// What a body that just became large waits for.
  private func turn(on loop: any EventLoop) -> EventLoopFuture<Void>? {
    state.withLock { state in
      guard state.place == nil, state.body.count > LargeBodies.sizeInBytes else { return nil }
      let (number, turn) = largeBodies.enter(on: loop)
      state.place = number
      return turn
    }
  }

  func didFinishRequest(task: HTTPClient.Task<Void>) throws {}

  private func goOn(_ isWanted: Bool, _ task: HTTPClient.Task<Void>) -> EventLoopFuture<Void> {
    isWanted
      ? task.eventLoop.makeSucceededVoidFuture() : task.eventLoop.makeFailedFuture(Enough())
  }

  /// What came of the exchange, which has ended.
  ///
  /// - Parameter error: What the client threw at its end, nil for none.
  /// - Returns: Any response that came whole, and of a failure what there is.
  func result(_ error: (any Error)?) -> Result<ServerResponse, CallFailure> {
    if let place = state.withLock(\.place) { largeBodies.leave(place) }
    return state.withLock { state in
      if state.isOversized { return .failure(.oversized) }
      guard let head = state.head, error == nil || !state.isSuccess else {
        return .failure(error.map(CallFailure.init(transport:)) ?? .cut("there was no response"))
      }
      // What failed is known from the status; its explanation is not worth another failure.
      let body =
        state.isSuccess ? state.body : Array(state.body.prefix(min(limit, Self.mostOfAnError)))
      return .success(
        ServerResponse(status: Int(head.status.code), headers: head.headers, body: body))
    }
  }
}
