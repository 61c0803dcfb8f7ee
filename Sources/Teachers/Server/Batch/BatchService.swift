import CanonicalJSON
import Foundation

/// The batch interface of a server, as OpenAI has it: files of requests that are answered within a day,
/// for less.
///
/// Source: OpenAI API reference, Files and Batch.
struct BatchService: Sendable {
  /// What became of a batch.
  enum State: String, Sendable {
    case validating, failed, expired, completed, finalizing, cancelling, cancelled
    case inProgress = "in_progress"

    /// Whether nothing will change any more.
    var isFinal: Bool { [.failed, .expired, .completed, .cancelled].contains(self) }
  }

  /// A batch as the server tells of it.
  struct Status: Sendable {
    let id: String
    let state: State
    /// The file of answers; also a batch that expired or was cancelled may have one.
    let outputFile: String?
    /// The file of requests that got no answer.
    let errorFile: String?
    let done: Int
    let failed: Int
    let total: Int
    /// Why the server refused it, on one line.
    let problem: String?
  }

  /// One answer, or the lack of one.
  struct Line: Sendable {
    /// What the request was submitted under.
    let name: String
    /// The status of the exchange, nil where there was none.
    let status: Int?
    let body: JSON?
    /// What the server says of a request without an answer.
    let problem: String
  }

  /// What a file of a batch may hold.
  static let mostRequests = 50_000
  static let mostBytes = 190 << 20
  private static let mostPages = 50
  private static let nameKey = "stemma"

  let url: ServerURL
  let headers: [(name: String, value: String)]
  let key: APIKey?
  let client: ServerClient

  // MARK: - Requests

  /// The line that asks one request.
  static func line(name: String, path: String, body: [UInt8]) -> [UInt8] {
    var line = Array(#"{"custom_id":"#.utf8)
    line += Array(JSON.string(name).text.utf8)
    line += Array(#","method":"POST","url":"#.utf8)
    line += Array(JSON.string(path).text.utf8)
    line += Array(#","body":"#.utf8)
    line += body
    line += Array("}\n".utf8)
    return line
  }

  /// Uploads lines and begins a batch of them.
  ///
  /// - Parameters:
  ///   - lines: Requests, as ``line(name:path:body:)`` makes them.
  ///   - path: The path that all of them ask.
  ///   - name: A name by which ``find(name:)`` finds the batch.
  /// - Returns: The batch's id.
  /// - Throws: ``CallFailure``; whether the batch was begun is then not known.
  func submit(_ lines: [UInt8], path: String, name: String) async throws(CallFailure) -> String {
    let boundary = "stemma-\(UUID().uuidString)"
    var form = Array(
      """
      --\(boundary)\r
      Content-Disposition: form-data; name="purpose"\r
      \r
      batch\r
      --\(boundary)\r
      Content-Disposition: form-data; name="file"; filename="requests.jsonl"\r
      Content-Type: application/jsonl\r
      \r\n
      """.utf8)
    form += lines
    form += Array("\r\n--\(boundary)--\r\n".utf8)
    let file = try await json(
      .post("/files", form, type: "multipart/form-data; boundary=\(boundary)"))
    guard let fileID = file["id"]?.string else { throw Self.notUnderstood("an uploaded file") }
    let begin: JSON = [
      "input_file_id": .string(fileID), "endpoint": .string(path), "completion_window": "24h",
      "metadata": [Self.nameKey: .string(name)],
    ]
    let batch = try await json(
      .post("/batches", Array(begin.text.utf8), type: "application/json"))
    guard let id = batch["id"]?.string else { throw Self.notUnderstood("a batch") }
    return id
  }

  /// The id of the batch that was submitted under a name, or nil when there is none.
  func find(name: String) async throws(CallFailure) -> String? {
    var after = ""
    for _ in 0..<Self.mostPages {
      let page = try await json(.get("/batches?limit=100\(after)"))
      guard let batches = page["data"]?.array else { throw Self.notUnderstood("its batches") }
      for batch in batches where batch["metadata"]?[Self.nameKey]?.string == name {
        return batch["id"]?.string
      }
      guard page["has_more"] == true, let last = batches.last?["id"]?.string else { return nil }
      after = "&after=\(ServerURL.step(last))"
    }
    // To take it for one that was never begun would pay for it twice.
    throw Self.notUnderstood("so many batches")
  }

  func status(of id: String) async throws(CallFailure) -> Status {
    try status(in: try await json(.get("/batches/\(ServerURL.step(id))")))
  }

  func cancel(_ id: String) async throws(CallFailure) {
    _ = try await json(.post("/batches/\(ServerURL.step(id))/cancel", [], type: "application/json"))
  }

  /// Reads the lines of a file of answers or of failures.
  func lines(of file: String) async throws(CallFailure) -> [Line] {
    let bytes = try await bytes(.get("/files/\(ServerURL.step(file))/content"))
    return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard let json = try? JSON(parsing: Array(line)), let name = json["custom_id"]?.string
      else { return nil }
      let response = json["response"]
      let status = response?["status_code"]?.int
      let isSuccess = status.map { (200...299).contains($0) } ?? false
      return Line(
        name: name, status: status, body: response?["body"],
        problem: isSuccess
          ? ""
          : ErrorText.serverMessage(in: Array((response?["body"] ?? json).text.utf8), key: key))
    }
  }

  // MARK: - Parts

  private func status(in json: JSON) throws(CallFailure) -> Status {
    guard let id = json["id"]?.string,
      let state = json["status"]?.string.flatMap(State.init(rawValue:))
    else { throw Self.notUnderstood("a batch") }
    let counts = json["request_counts"]
    let problem = json["errors"]?["data"]?.array?.first?["message"]?.string
    return Status(
      id: id, state: state, outputFile: json["output_file_id"]?.string,
      errorFile: json["error_file_id"]?.string,
      done: ServerCount.of(counts?["completed"]), failed: ServerCount.of(counts?["failed"]),
      total: ServerCount.of(counts?["total"]),
      problem: problem.map { ErrorText.oneLine(key?.removed(fromMessage: $0) ?? $0) })
  }

  private static func notUnderstood(_ what: String) -> CallFailure {
    .cut("the server's description of \(what) is not understood")
  }

  private func json(_ exchange: ServerExchange) async throws(CallFailure) -> JSON {
    let bytes = try await bytes(exchange)
    guard let json = try? JSON(parsing: bytes) else { throw Self.notUnderstood("what it did") }
    return json
  }

  private func bytes(_ exchange: ServerExchange) async throws(CallFailure) -> [UInt8] {
    let result = await client.send(
      exchange, to: url.base, headers: headers, timeout: .seconds(600), limit: 1 << 30)
    switch result {
    case .failure(let failure): throw failure
    case .success(let response):
      guard response.isSuccess else {
        throw .status(
          StatusFailure(response, key: key, now: Int(Date().timeIntervalSince1970)))
      }
      return response.body
    }
  }
}
