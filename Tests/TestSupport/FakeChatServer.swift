package import CanonicalJSON
import NIOCore
import NIOHTTP1
import NIOPosix

/// A server on this machine that answers chat completions as a script says.
///
/// It keeps what it was sent, so that tests can assert requests and their number.
package final class FakeChatServer: Sendable {
  /// Chooses the answer to a request; called on the server's own threads.
  package typealias Script = @Sendable (RequestInfo) -> Behaviour

  /// One request as the server got it.
  package struct RequestInfo: Sendable {
    /// The number of the request at this server, from 0.
    package let index: Int
    package let method: String
    package let path: String
    /// Names in lower case; of equal names the last.
    package let headers: [String: String]
    package let body: [UInt8]
    /// How many requests were without a whole answer then, with this one.
    package let inFlight: Int

    package var bodyText: String { String(decoding: body, as: UTF8.self) }
    /// The body as JSON, or nil when it is none.
    package var json: JSON? { try? JSON(parsing: body) }
    /// The text of the last message.
    package var prompt: String? { json?["messages"]?.array?.last?["content"]?.string }
  }

  /// Up to and including the version part; it stays after the server stopped.
  package let baseURL: String
  /// Where it listens, for one that comes after it.
  package let port: Int

  private let channel: any Channel
  private let ledger: FakeChatLedger

  private init(channel: any Channel, ledger: FakeChatLedger) {
    self.channel = channel
    port = channel.localAddress?.port ?? 0
    baseURL = "http://127.0.0.1:\(port)/v1"
    self.ledger = ledger
  }

  /// Starts a server on 127.0.0.1, on a free port unless one is named; without a script it echoes.
  package static func start(
    port: Int = 0, _ script: @escaping Script = { .echo(of: $0) }
  ) async throws -> FakeChatServer {
    let ledger = FakeChatLedger()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.backlog, value: 1024)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          ledger.opened(channel)
          try channel.pipeline.syncOperations.configureHTTPServerPipeline(
            withPipeliningAssistance: false)
          try channel.pipeline.syncOperations.addHandler(
            FakeChatHandler(ledger: ledger, script: script))
        }
      }
      .bind(host: "127.0.0.1", port: port).get()
    return FakeChatServer(channel: channel, ledger: ledger)
  }

  /// The number of whole requests that came in.
  package var requestCount: Int { ledger.snapshot.count }
  /// The requests in the order they came, at most the first 10,000.
  package var requests: [RequestInfo] { ledger.snapshot.requests }
  package var bodies: [String] { requests.map(\.bodyText) }
  /// The most requests that were without a whole answer at one moment.
  package var maxInFlight: Int { ledger.snapshot.maxInFlight }
  /// The number of connections that were ever opened.
  package var connectionCount: Int { ledger.snapshot.connections }

  /// Waits until a number of requests came in.
  package func waitForRequests(_ count: Int) async { await ledger.wait(forRequests: count) }

  /// Waits until no request is without an answer and a client that left is noticed.
  package func waitUntilIdle() async { await ledger.waitUntilIdle() }

  /// Stops listening and closes all connections.
  package func stop() async {
    try? await channel.close()
    for channel in ledger.stop() { try? await channel.close() }
  }
}

/// Runs a test with a fake server and stops it afterwards, also after an error.
package func withFakeChatServer<Value>(
  _ script: @escaping FakeChatServer.Script = { .echo(of: $0) },
  _ test: (FakeChatServer) async throws -> Value
) async throws -> Value {
  let server = try await FakeChatServer.start(script)
  do {
    let value = try await test(server)
    await server.stop()
    return value
  } catch {
    await server.stop()
    throw error
  }
}
