import ArtifactStore
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The connections to all servers, shared by the teachers of a run.
///
/// Whoever makes one must call ``shutdown()`` when no teacher uses it any more.
package final class ServerClient: Sendable {
  private struct State {
    var isShutDown = false
    var admissions: [Servers: Admission] = [:]
  }
  /// What has limits of its own.
  private struct Servers: Hashable {
    let urls: [ServerURL]
    let model: String
    let limits: Endpoint.Limits
  }
  /// The threads of all clients, which end with the program: one for four cores, for each serves some ten
  /// thousand requests a second.
  private static let threads = MultiThreadedEventLoopGroup(
    numberOfThreads: max(1, System.coreCount / 4))

  private let http: HTTPClient
  private let deadlines = Deadlines()
  private let largeBodies = LargeBodies()
  private let retries = Atomic(0)
  private let state = Mutex(State())

  /// Makes a client that opens connections only when asked.
  ///
  /// - Parameter connectionsPerHost: The most connections to one host, of all teachers.
  package init(connectionsPerHost: Int) {
    precondition(connectionsPerHost > 0, "a client needs a connection")
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    // A connection each, so that one that breaks takes one request with it.
    configuration.httpVersion = .http1Only
    configuration.timeout.connect = .seconds(10)
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionsPerHost
    // One place retries: the policy of the teacher.
    configuration.connectionPool.retryConnectionEstablishment = false
    // Nobody looks at traces of single requests, and making them takes time.
    configuration.tracing.tracer = nil
    configuration.http1_1ConnectionDebugInitializer = { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHandler(FlushJoiner(), position: .first)
      }
    }
    http = HTTPClient(eventLoopGroup: Self.threads, configuration: configuration)
  }

  /// How many requests servers have now; others wait until those take more.
  package var requestCount: Int {
    state.withLock { $0.admissions.values.reduce(0) { $0 + $1.room.inFlight } }
  }

  /// How many requests were asked again after a failure.
  package var retryCount: Int { retries.load(ordering: .relaxed) }

  func countRetry() { retries.add(1, ordering: .relaxed) }

  /// Closes all connections, so that calls under way fail.
  ///
  /// A second call does nothing.
  package func shutdown() async {
    let isFirst = state.withLock { state in
      defer { state.isShutDown = true }
      return !state.isShutDown
    }
    // Its only error is that of a second call.
    guard isFirst else { return }
    deadlines.close()
    try? await http.shutdown()
  }

  /// Runs work with a client and closes it afterwards, also after an error.
  package static func withClient<Value>(
    connectionsPerHost: Int, _ work: (ServerClient) async throws -> Value
  ) async rethrows -> Value {
    let client = ServerClient(connectionsPerHost: connectionsPerHost)
    do {
      let value = try await work(client)
      await client.shutdown()
      return value
    } catch {
      await client.shutdown()
      throw error
    }
  }
}

/// One response, read whole.
struct ServerResponse: Sendable {
  let status: Int
  let headers: HTTPHeaders
  /// At most the limit; for other statuses than success the rest is dropped.
  let body: [UInt8]

  /// The first value of a header, whatever the case of its name.
  func header(_ name: String) -> String? { headers.first(name: name) }

  var isSuccess: Bool { (200...299).contains(status) }

  /// Whether the response said where it ends: without it a cut connection looks like an end.
  var isFramed: Bool {
    headers.contains(name: "content-length") || headers.contains(name: "transfer-encoding")
  }
}

extension ServerClient {
  /// Sends something and reads the response, in one exchange.
  ///
  /// The time ends with the last byte. Cancelling the task ends the exchange only where nothing is lost
  /// by it: an answer that is asked for is paid for.
  ///
  /// - Parameters:
  ///   - exchange: What is sent.
  ///   - base: The address of the server, which the path follows.
  ///   - headers: What goes with it beside what every request has.
  ///   - timeout: The most time of the whole exchange.
  ///   - limit: The most bytes of a response of success.
  /// - Returns: Any complete response, whatever its status.
  func send(
    _ exchange: ServerExchange, to base: String, headers: [(name: String, value: String)],
    timeout: Duration, limit: Int
  ) async -> Result<ServerResponse, CallFailure> {
    do {
      return await send(
        try Self.request(exchange, to: base, headers: headers), timeout: timeout, limit: limit)
    } catch {
      return .failure(CallFailure(transport: error))
    }
  }

  /// Sends a request that was put together before.
  func send(
    _ request: HTTPClient.Request, timeout: Duration, limit: Int
  ) async -> Result<ServerResponse, CallFailure> {
    let reader = ResponseReader(limit: limit, largeBodies: largeBodies)
    // The deadline is kept here: with its own the client would go by a clock for each request.
    let work = http.execute(request: request, delegate: reader)
    let watch = deadlines.watch(for: timeout) { work.cancel() }
    let error: (any Error)? = await withTaskCancellationHandler {
      do {
        try await work.get()
        return nil
      } catch {
        return error
      }
    } onCancel: {
      if request.method == .GET { work.cancel() }
    }
    let isInTime = deadlines.done(watch)
    // An answer that came complete counts, whatever happened beside it.
    let result = reader.result(error)
    if case .failure = result, !isInTime { return .failure(.timeout) }
    return result
  }

  /// Puts a request together.
  ///
  /// - Throws: When its address is none.
  static func request(
    _ exchange: ServerExchange, to base: String, headers: [(name: String, value: String)]
  ) throws -> HTTPClient.Request {
    var all = HTTPHeaders()
    if let type = exchange.contentType { all.add(name: "content-type", value: type) }
    all.add(name: "accept", value: "application/json")
    all.add(name: "user-agent", value: "stemma")
    for (name, value) in headers { all.add(name: name, value: value) }
    return try HTTPClient.Request(
      url: base + exchange.path, method: HTTPMethod(rawValue: exchange.method.rawValue),
      headers: all,
      body: exchange.method == .post ? .byteBuffer(ByteBuffer(bytes: exchange.body)) : nil)
  }

  /// Gets something large into a file; it may take any time as long as it goes on.
  ///
  /// - Parameters:
  ///   - exchange: What is sent.
  ///   - base: The address of the server, which the path follows.
  ///   - headers: What goes with it beside what every request has.
  ///   - file: An open file, which the body of a response of success is written to.
  ///   - slowest: The fewest bytes that must come in each `interval`.
  ///   - interval: How long nothing may come.
  ///   - limit: The most bytes.
  /// - Returns: Any complete response, without a body if it is one of success.
  /// - Throws: ``StoreError`` when the file cannot be written.
  func download(
    _ exchange: ServerExchange, from base: String, headers: [(name: String, value: String)],
    into file: Int32, slowest: Int, in interval: Duration, limit: Int
  ) async throws(StoreError) -> Result<ServerResponse, CallFailure> {
    let request: HTTPClient.Request
    do {
      request = try Self.request(exchange, to: base, headers: headers)
    } catch {
      return .failure(CallFailure(transport: error))
    }
    let reader = ResponseReader(limit: limit, file: file, largeBodies: largeBodies)
    let work = http.execute(request: request, delegate: reader)
    let (error, hasStalled) = await withTaskGroup(of: Bool.self) { group in
      group.addTask {
        defer { work.cancel() }
        var before = 0
        while (try? await Task.sleep(for: interval)) != nil {
          let count = reader.count
          if count - before < slowest { return true }
          before = count
        }
        return false
      }
      var error: (any Error)?
      do { try await work.get() } catch let happened { error = happened }
      group.cancelAll()
      return (error, await group.next() ?? false)
    }
    guard reader.isWritten else {
      throw StoreError(
        .io, "cannot write what '\(base)' sends", hint: "free some space, then run again")
    }
    let result = reader.result(error)
    if case .failure = result, hasStalled { return .failure(.timeout) }
    return result
  }

  /// The admission to a model's servers, which all teachers share that ask it with equal limits.
  func admission(
    to urls: [ServerURL], model: String, limits: Endpoint.Limits, clock: RetryClock
  ) -> Admission {
    state.withLock { state in
      let servers = Servers(urls: urls, model: model, limits: limits)
      if let admission = state.admissions[servers] { return admission }
      let admission = Admission(servers: urls.count, limits: limits, clock: clock)
      state.admissions[servers] = admission
      return admission
    }
  }
}
