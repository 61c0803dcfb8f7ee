import Dataset
import Foundation
import Logging
import Teachers

/// Makes the models that a recipe names; the only place that reads API keys.
struct TeacherFactory: Sendable {
  let client: ServerClient
  let logger: Logger
  let environment: [String: String]

  /// Lends a factory whose connections are closed at the end.
  static func withFactory<Value: Sendable>(
    _ body: (TeacherFactory) async throws -> Value
  ) async throws -> Value {
    var logger = Logger(label: "stemma", factory: { StandardErrorLog(label: $0) })
    logger.logLevel = .info
    return try await ServerClient.withClient(connectionsPerHost: 1024) { [logger] client in
      try await body(
        TeacherFactory(
          client: client, logger: logger, environment: ProcessInfo.processInfo.environment))
    }
  }

  /// Makes the model of some settings; one behind a server puts its requests into a queue if there is
  /// one.
  func make(
    _ settings: TeacherSettings, queue: BatchQueue? = nil
  ) throws(TeacherError) -> any Teacher {
    switch settings.provider {
    case .embedded: return EmbeddedTeacher(rates: settings.embedded)
    case .openai, .anthropic, .gemini:
      let key = settings.keyVariable.flatMap { environment[$0] }
      if let variable = settings.keyVariable, key?.isEmpty ?? true {
        return KeylessTeacher(variable: variable)
      }
      let server = ServerSettings(settings, apiKey: key)
      if let queue {
        return try BatchTeacher(settings: server, client: client, queue: queue)
      }
      return try ServerTeacher(settings: server, client: client, logger: logger)
    }
  }
}
