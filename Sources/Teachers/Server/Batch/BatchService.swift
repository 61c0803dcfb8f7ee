import ArtifactStore
import CanonicalJSON
import Foundation

/// The batch interface of a server, as OpenAI has it: files of requests that are answered within a day,
/// for less.
///
/// Source: OpenAI API reference, Files and Batch.
struct BatchService: Sendable {
  /// What a file of a batch may hold.
  static let mostRequests = 50_000
  /// A sixth of what OpenAI takes, which bounds the memory.
  static let mostBytes = 32 << 20
  private static let mostPages = 50
  private static let nameKey = "stemma"
  /// What a file of answers may have: 50,000 of 300 kB each.
  private static let largestDownload = 16 << 30
  /// A download of which less than this comes in a minute is given up.
  private static let slowestDownload = 64 << 10

  let url: ServerURL
  let headers: [(name: String, value: String)]
  let key: APIKey?
  let client: ServerClient
  let retry: RetryPolicy
  let clock: RetryClock

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
  /// - Throws: ``CallFailure``; whether the batch was begun is known from ``CallFailure/isRefusal`` alone.
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
    let file = try await again {
      await json(.post("/files", form, type: "multipart/form-data; boundary=\(boundary)"))
    }
    guard let fileID = file["id"]?.string else { throw Self.notUnderstood("an uploaded file") }
    let begin: JSON = [
      "input_file_id": .string(fileID), "endpoint": .string(path), "completion_window": "24h",
      "metadata": [Self.nameKey: .string(name)],
    ]
    let exchange = ServerExchange.post("/batches", Array(begin.text.utf8))
    let batch = try await again({ await json(exchange) }, unless: { !$0.isRefusal })
    guard let id = batch["id"]?.string else { throw Self.notUnderstood("a batch") }
    return id
  }

  /// Looks for the batch that was submitted under a name.
  ///
  /// - Parameters:
  ///   - name: What it was submitted under.
  ///   - submittedAt: When that was, in seconds since 1970: none that is older is looked at.
  /// - Returns: Its id, or nil when there is none.
  /// - Throws: ``CallFailure`` when that is not known.
  func find(name: String, submittedAt: Int) async throws(CallFailure) -> String? {
    var after = ""
    for _ in 0..<Self.mostPages {
      let page = try await again { [after] in await json(.get("/batches?limit=100\(after)")) }
      guard let batches = page["data"]?.array else { throw Self.notUnderstood("its batches") }
      for batch in batches where batch["metadata"]?[Self.nameKey]?.string == name {
        return batch["id"]?.string
      }
      guard page["has_more"] == true, let last = batches.last?["id"]?.string else { return nil }
      // The youngest come first; clocks may differ.
      if let time = batches.last?["created_at"]?.int, time < submittedAt - 86_400 { return nil }
      after = "&after=\(ServerURL.step(last))"
    }
    // To take it for one that was never begun would pay for it twice.
    throw .cut("the server has too many batches to find one by its name")
  }

  func status(of id: String) async throws(CallFailure) -> Status {
    try status(in: try await again { await json(.get("/batches/\(ServerURL.step(id))")) })
  }

  /// Ends a batch; one that has ended stays as it is.
  func cancel(_ id: String) async throws(CallFailure) {
    do throws(CallFailure) {
      _ = try await again { await json(.post("/batches/\(ServerURL.step(id))/cancel", [])) }
    } catch {
      // Servers refuse to end what has ended.
      guard case .status(let refusal) = error, (400...499).contains(refusal.status),
        try await status(of: id).state.isFinal
      else { throw error }
    }
  }

  /// Copies a file of answers or of failures to a file here.
  ///
  /// - Throws: ``CallFailure``, or ``StoreError`` when it cannot be written.
  func download(_ file: String, to target: URL) async throws {
    let path = target.path(percentEncoded: false)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw StoreError(.io, "cannot write '\(path)': \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    let written = try await again { () async -> Result<Result<Void, StoreError>, CallFailure> in
      do throws(StoreError) {
        ftruncate(descriptor, 0)
        lseek(descriptor, 0, SEEK_SET)
        let result = try await client.download(
          .get("/files/\(ServerURL.step(file))/content"), from: url.base, headers: headers,
          into: descriptor, slowest: Self.slowestDownload, in: .seconds(60),
          limit: Self.largestDownload)
        return result.flatMap(success).flatMap { response in
          // Otherwise a cut connection would look like the end.
          response.isFramed
            ? .success(.success(())) : .failure(.cut("the response does not say where it ends"))
        }
      } catch {
        return .success(.failure(error))
      }
    }
    try written.get()
  }

  /// Reads a line of a file of answers or of failures; nil for one that is none.
  func line(_ bytes: [UInt8]) -> Line? {
    guard let json = try? JSON(parsing: bytes), let name = json["custom_id"]?.string
    else { return nil }
    let response = json["response"]
    let status = response?["status_code"]?.int
    return Line(name: name, status: status, body: response?["body"], whole: json, key: key)
  }
}
