/// What is sent to a server in one exchange.
struct ServerExchange: Sendable {
  enum Method: String, Sendable { case get = "GET", post = "POST" }

  let method: Method
  /// What follows the base URL.
  let path: String
  let body: [UInt8]
  let contentType: String?

  static func get(_ path: String) -> ServerExchange {
    ServerExchange(method: .get, path: path, body: [], contentType: nil)
  }

  static func post(
    _ path: String, _ body: [UInt8], type: String = "application/json"
  ) -> ServerExchange {
    ServerExchange(method: .post, path: path, body: body, contentType: type)
  }
}
