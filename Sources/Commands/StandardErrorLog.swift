import Logging

/// Shows what libraries report on the side, such as retries, on standard error.
struct StandardErrorLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.info
  private let label: String

  init(label: String) { self.label = label }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let details = (event.metadata ?? [:]).sorted { $0.key < $1.key }
      .map { "\($0.key.split(separator: ".").last ?? ""): \($0.value)" }.joined(separator: ", ")
    Output.complain("note: \(event.message)" + (details.isEmpty ? "" : " (\(details))"))
  }
}
