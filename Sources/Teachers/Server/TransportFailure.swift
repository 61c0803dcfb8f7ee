import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

extension CallFailure {
  /// Sorts what the HTTP client throws by what can be done about it.
  init(transport error: any Error) {
    switch error {
    case is CancellationError: self = .cancelled
    case let error as HTTPClientError: self.init(client: error)
    case let error as NIOConnectionError: self = .unreachable(CallFailure.reason(error))
    case let error as IOError: self.init(io: error)
    case is HTTPParserError: self = .cut("the response is not HTTP or ends too early")
    case let error as ChannelError:
      if case .connectTimeout = error {
        self = .unreachable("no connection in time")
      } else {
        self = .cut("the connection was closed")
      }
    // What is left comes from TLS.
    default:
      let isHandshake =
        "\(error)".contains("handshakeFailed")
        || String(describing: type(of: error)).contains("NIOSSLExtraError")
      self =
        isHandshake
        ? .unreachable("the TLS handshake failed: \(CallFailure.tlsReason(error))")
        : .cut("TLS failed: \(CallFailure.tlsReason(error))")
    }
  }

  private init(client error: HTTPClientError) {
    switch error {
    case .cancelled, .alreadyShutdown: self = .cancelled
    case .deadlineExceeded, .readTimeout, .writeTimeout: self = .timeout
    case .connectTimeout, .getConnectionFromPoolTimeout:
      self = .unreachable("no connection in time")
    case .tlsHandshakeTimeout: self = .unreachable("no TLS handshake in time")
    case .remoteConnectionClosed, .uncleanShutdown: self = .cut("the connection was closed")
    // Its descriptions name the kind of error only; header values are checked before they are sent.
    default: self = .cut(error.shortDescription)
    }
  }

  private init(io error: IOError) {
    switch error.errnoCode {
    case ECONNRESET, EPIPE, ECONNABORTED, ENOTCONN: self = .cut("the connection was reset")
    case ECONNREFUSED, EMFILE, ENFILE: self = .unreachable(CallFailure.reason(error))
    // The connection was there: what was asked may be done.
    default: self = .cut(CallFailure.reason(error))
    }
  }

  /// BoringSSL's own name for what is wrong, out of a text that also names its source files.
  private static func tlsReason(_ error: any Error) -> String {
    let text = "\(error)"
    guard let mark = text.firstRange(of: "OPENSSL_internal:") else {
      return String(describing: type(of: error))
    }
    let name = text[mark.upperBound...].prefix { $0.isUppercase || $0.isNumber || $0 == "_" }
    return name.lowercased().replacing("_", with: " ")
  }

  private static func reason(_ error: NIOConnectionError) -> String {
    guard let last = error.connectionErrors.last else { return "the host's name is not known" }
    return switch last.error {
    case let error as IOError: reason(error)
    case is ChannelError: "no connection in time"
    default: ErrorText.oneLine("\(last.error)")
    }
  }

  private static func reason(_ error: IOError) -> String {
    switch error.errnoCode {
    case ECONNREFUSED: "connection refused"
    case EHOSTUNREACH: "no route to the host"
    case ENETUNREACH: "no route to the network"
    case ETIMEDOUT: "no connection in time"
    case EMFILE, ENFILE: "too many open files"
    case let code: "system error \(code)"
    }
  }
}
