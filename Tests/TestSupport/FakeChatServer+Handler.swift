import NIOCore
import NIOHTTP1

/// One connection of a fake server.
final class FakeChatHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// The most bytes of a request that are kept.
  private static let bodyLimit = 4 << 20

  private let ledger: FakeChatLedger
  private let script: FakeChatServer.Script
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []
  private var isBusy = false

  init(ledger: FakeChatLedger, script: @escaping FakeChatServer.Script) {
    self.ledger = ledger
    self.script = script
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      self.head = head
      body = []
    case .body(let bytes):
      body += bytes.readableBytesView.prefix(max(0, FakeChatHandler.bodyLimit - body.count))
    case .end:
      guard let head else { return }
      let names = head.headers.map { ($0.name.lowercased(), $0.value) }
      isBusy = true
      let info = ledger.received { index, inFlight in
        FakeChatServer.RequestInfo(
          index: index, method: head.method.rawValue, path: head.uri,
          headers: Dictionary(names) { _, last in last }, body: body, inFlight: inFlight)
      }
      perform(script(info), context)
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    finish()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func finish() {
    guard isBusy else { return }
    isBusy = false
    ledger.finished()
  }

  private func perform(_ behaviour: FakeChatServer.Behaviour, _ context: ChannelHandlerContext) {
    guard context.channel.isActive else { return }
    switch behaviour {
    case .answer(let text, let finish, let input, let output):
      let completion = FakeChatServer.completion(
        text, finish: finish, input: input, output: output)
      send(Array(completion.utf8), context)
    case .message(let message, let finish):
      let completion = FakeChatServer.completion(message: message, finish: finish)
      send(Array(completion.utf8), context)
    case .body(let bytes, let status, let headers, let contentType):
      send(bytes, status: status, headers: headers, contentType: contentType, context)
    case .status(let status, let headers): send([], status: status, headers: headers, context)
    case .unframed(let bytes):
      // Only a response of HTTP 1.0 ends with its connection.
      let head = HTTPResponseHead(version: .http1_0, status: .ok)
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      write(bytes, context)
      context.close(promise: nil)
    case .delayed(let delay, let next):
      _ = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(delay)) {
        self.perform(next, context)
      }
    case .cut: context.close(promise: nil)
    case .cutMidBody:
      let bytes = Array(FakeChatServer.completion("an answer that never comes whole").utf8)
      writeHead(200, length: bytes.count, context)
      write(bytes.prefix(bytes.count / 2), context)
      context.close(promise: nil)
    case .drip(let text, let interval):
      let bytes = Array(FakeChatServer.completion(text).utf8)
      writeHead(200, length: bytes.count, context)
      drip(bytes[...], every: TimeAmount(interval), context)
    case .silence: break
    case .stall:
      let bytes = Array(FakeChatServer.completion("an answer that stops half way").utf8)
      writeHead(200, length: bytes.count, context)
      write(bytes.prefix(bytes.count / 2), context)
    case .huge(let count, let status, let isLengthDeclared):
      writeHead(status, length: isLengthDeclared ? count : nil, context)
      pour(count, context)
    }
  }

  private func send(
    _ bytes: [UInt8], status: Int = 200, headers: [String: String] = [:],
    contentType: String = "application/json", _ context: ChannelHandlerContext
  ) {
    writeHead(
      status, headers: headers, contentType: contentType, length: bytes.count, context)
    write(bytes, context)
    end(context)
  }

  private func writeHead(
    _ status: Int, headers: [String: String] = [:], contentType: String = "application/json",
    length: Int?, _ context: ChannelHandlerContext
  ) {
    var fields = HTTPHeaders([("content-type", contentType)])
    if let length { fields.add(name: "content-length", value: String(length)) }
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
      fields.replaceOrAdd(name: name, value: value)
    }
    let head = HTTPResponseHead(
      version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: fields)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
  }

  private func write(_ bytes: some Collection<UInt8>, _ context: ChannelHandlerContext) {
    let buffer = context.channel.allocator.buffer(bytes: bytes)
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
  }

  private func end(_ context: ChannelHandlerContext) {
    // The next request may come as soon as the end is out.
    finish()
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  private func drip(
    _ bytes: ArraySlice<UInt8>, every interval: TimeAmount, _ context: ChannelHandlerContext
  ) {
    guard context.channel.isActive else { return }
    guard let byte = bytes.first else { return end(context) }
    write([byte], context)
    _ = context.eventLoop.assumeIsolated().scheduleTask(in: interval) {
      self.drip(bytes.dropFirst(), every: interval, context)
    }
  }

  /// Sends letters as fast as they are taken.
  private func pour(_ count: Int, _ context: ChannelHandlerContext) {
    guard context.channel.isActive else { return }
    guard count > 0 else { return end(context) }
    let size = min(count, 64 << 10)
    let buffer = context.channel.allocator.buffer(repeating: UInt8(ascii: "x"), count: size)
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))))
      .assumeIsolated().whenSuccess { self.pour(count - size, context) }
  }
}
