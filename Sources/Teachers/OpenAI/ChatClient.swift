import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization

/// The connections to all servers, shared by the teachers of a run.
///
/// Whoever makes one must call ``shutdown()`` when no teacher uses it any more.
package final class ChatClient: Sendable {
  private struct State {
    var isShutDown = false
    var gates: [String: Gate] = [:]
  }
  private let http: HTTPClient
  private let connectionsPerHost: Int
  private let state = Mutex(State())

  /// Makes a client that opens connections only when asked.
  ///
  /// - Parameter connectionsPerHost: The most requests in flight to one host, of all teachers.
  package init(connectionsPerHost: Int) {
    precondition(connectionsPerHost > 0, "a client needs a connection")
    self.connectionsPerHost = connectionsPerHost
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    // A connection each, so that one that breaks takes one request with it.
    configuration.httpVersion = .http1Only
    configuration.timeout.connect = .seconds(10)
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connectionsPerHost
    // One place retries: the policy of the teacher.
    configuration.connectionPool.retryConnectionEstablishment = false
    http = HTTPClient(configuration: configuration)
  }

  /// Closes all connections, so that calls under way fail.
  ///
  /// A second call does nothing.
  package func shutdown() async {
    let isFirst = state.withLock { state in
      defer { state.isShutDown = true }
      return !state.isShutDown
    }
    // Its only error is that of a second call.
    if isFirst { try? await http.shutdown() }
  }

  /// Runs work with a client and closes it afterwards, also after an error.
  package static func withClient<Value>(
    connectionsPerHost: Int, _ work: (ChatClient) async throws -> Value
  ) async rethrows -> Value {
    let client = ChatClient(connectionsPerHost: connectionsPerHost)
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
struct ChatResponse: Sendable {
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

extension ChatClient {
  /// Sends a body and reads the response, in one exchange.
  ///
  /// The time begins when the request is this one's turn, and ends with the last byte.
  ///
  /// - Parameters:
  ///   - body: The request's JSON.
  ///   - url: Where it goes.
  ///   - key: The API key, if the server takes one.
  ///   - timeout: The most time of the whole exchange.
  ///   - limit: The most bytes of a response of success.
  /// - Returns: Any complete response, whatever its status.
  func post(
    _ body: [UInt8], to url: ServerURL, key: APIKey?, timeout: Duration, limit: Int
  ) async -> Result<ChatResponse, CallFailure> {
    let gate = gate(for: url.origin)
    guard await gate.enter() else { return .failure(.cancelled) }
    defer { gate.leave() }
    var request = HTTPClientRequest(url: url.chatCompletions)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    request.headers.add(name: "accept", value: "application/json")
    request.headers.add(name: "user-agent", value: "stemma")
    if let key { request.headers.add(name: "authorization", value: key.authorization) }
    request.body = .bytes(ByteBuffer(bytes: body))
    let sent = request
    return await withTaskGroup(of: Result<ChatResponse, CallFailure>.self) { group in
      group.addTask { await self.exchange(sent, limit: limit) }
      group.addTask {
        do { try await Task.sleep(for: timeout) } catch { return .failure(.cancelled) }
        return .failure(.timeout)
      }
      let first = await group.next() ?? .failure(.cancelled)
      group.cancelAll()
      // An answer that came complete counts, whatever happened beside it.
      if case .success = first { return first }
      if let second = await group.next(), case .success = second { return second }
      return first
    }
  }

  private func gate(for origin: String) -> Gate {
    state.withLock { state in
      if let gate = state.gates[origin] { return gate }
      let gate = Gate(connectionsPerHost)
      state.gates[origin] = gate
      return gate
    }
  }

  private func exchange(
    _ request: HTTPClientRequest, limit: Int
  ) async -> Result<ChatResponse, CallFailure> {
    let response: HTTPClientResponse
    do {
      // The caller's timer stops it: this deadline would end with the head.
      response = try await http.execute(request, deadline: .distantFuture)
    } catch {
      return .failure(CallFailure(transport: error))
    }
    let status = Int(response.status.code)
    let isSuccess = (200...299).contains(status)
    let errorLimit = min(limit, 64 << 10)
    let declared = response.headers.first(name: "content-length").flatMap { Int($0) }
    if isSuccess, let declared, declared > limit { return .failure(.oversized) }
    var body: [UInt8] = []
    do {
      for try await chunk in response.body {
        body += chunk.readableBytesView
        if isSuccess, body.count > limit { return .failure(.oversized) }
        if !isSuccess, body.count >= errorLimit { break }
      }
    } catch {
      // What failed is known from the status; its explanation is not worth another failure.
      if isSuccess { return .failure(CallFailure(transport: error)) }
    }
    if !isSuccess { body = Array(body.prefix(errorLimit)) }
    return .success(ChatResponse(status: status, headers: response.headers, body: body))
  }
}
