import NIOCore

/// Sends what is written to a connection in one turn of its event loop in one go.
///
/// The client flushes the head, the body and the end of a request each by itself, which would be as many
/// system calls and packets.
final class FlushJoiner: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = ByteBuffer

  private var isWaiting = false

  func flush(context: ChannelHandlerContext) {
    guard !isWaiting else { return }
    isWaiting = true
    context.eventLoop.assumeIsolated().execute { [self] in
      guard isWaiting else { return }
      isWaiting = false
      context.flush()
    }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if isWaiting {
      isWaiting = false
      context.flush()
    }
    context.close(mode: mode, promise: promise)
  }

  func handlerRemoved(context: ChannelHandlerContext) { isWaiting = false }
}
