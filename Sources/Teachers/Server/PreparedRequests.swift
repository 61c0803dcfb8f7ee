import AsyncHTTPClient
import NIOCore
import Synchronization

/// Requests that differ in their bodies alone: what they share is put together once.
final class PreparedRequests: Sendable {
  private static let most = 64

  private let headers: [(name: String, value: String)]
  private let known = Mutex<[String: HTTPClient.Request]>([:])

  /// - Parameter headers: What goes with all of them.
  init(headers: [(name: String, value: String)]) { self.headers = headers }

  /// A request with a body of JSON.
  ///
  /// - Throws: When the address is none.
  func post(_ body: [UInt8], to base: String, path: String) throws -> HTTPClient.Request {
    let address = base + path
    var request: HTTPClient.Request
    if let prepared = known.withLock({ $0[address] }) {
      request = prepared
    } else {
      request = try ServerClient.request(.post(path, []), to: base, headers: headers)
      known.withLock { known in
        if known.count >= Self.most { known = [:] }
        known[address] = request
      }
    }
    request.body = .byteBuffer(ByteBuffer(bytes: body))
    return request
  }
}
