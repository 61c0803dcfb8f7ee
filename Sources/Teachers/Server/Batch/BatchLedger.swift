import ArtifactStore
import CanonicalJSON
import Foundation

/// The batches that are under way: local files, one a batch, with all that it takes to record its answers.
///
/// A file is there before its batch is begun, so that none is lost that was paid for: the server is told
/// the file's name, and asked for a batch of that name when its id is not known.
struct BatchLedger: Sendable {
  /// One batch.
  struct Entry: Sendable, Hashable {
    /// A name that no other batch has.
    let name: String
    /// Who submitted it: the ``BatchTeacher/account``.
    let account: String
    /// The address that it was submitted to.
    let baseURL: String
    /// What the server calls it; nil when it was not told yet.
    var id: String?
    let requestCount: Int
    /// Seconds since 1970.
    let submittedAt: Int
  }

  private let folder: URL

  init(in folder: URL) { self.folder = folder.appending(path: "batches") }

  /// All batches, the oldest first.
  func entries() -> [Entry] {
    let names =
      (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)))
      ?? []
    return names.filter { $0.hasSuffix(".json") }.compactMap { entry(folder.appending(path: $0)) }
      .sorted { ($0.submittedAt, $0.name) < ($1.submittedAt, $1.name) }
  }

  private func entry(_ url: URL) -> Entry? {
    guard let bytes = try? Data(contentsOf: url), let json = try? JSON(parsing: Array(bytes)),
      let account = json["account"]?.string, let baseURL = json["base-url"]?.string,
      let count = json["requests"]?.int,
      let time = json["submitted"]?.int
    else { return nil }
    return Entry(
      name: url.deletingPathExtension().lastPathComponent, account: account, baseURL: baseURL,
      id: json["id"]?.string, requestCount: count, submittedAt: time)
  }

  /// Notes a batch, with its requests the first time.
  func save(_ entry: Entry, requests: [CallRequest]? = nil) throws(StoreError) {
    if let requests {
      var lines: [UInt8] = []
      for request in requests { lines += request.json.canonicalBytes + [0x0A] }
      try DurableFile.replace(requestFile(entry), with: lines)
    }
    var json = JSONObject([
      ("account", .string(entry.account)), ("base-url", .string(entry.baseURL)),
      ("requests", JSON(entry.requestCount)),
      ("submitted", JSON(entry.submittedAt)),
    ])
    json["id"] = entry.id.map { .string($0) }
    try DurableFile.replace(
      folder.appending(path: entry.name + ".json"), with: JSON.object(json).canonicalBytes)
  }

  /// The requests of a batch by the names under which they were submitted.
  ///
  /// - Throws: ``StoreError`` when they cannot be read any more.
  func requests(of entry: Entry) throws(StoreError) -> [String: CallRequest] {
    guard let bytes = try? Data(contentsOf: requestFile(entry)) else {
      throw StoreError(
        .missing, "the requests of batch '\(entry.name)' are gone",
        hint: "remove '\(folder.path)/\(entry.name).json': its answers cannot be used")
    }
    var requests: [String: CallRequest] = [:]
    for line in bytes.split(separator: 0x0A) {
      guard let json = try? JSON(parsing: Array(line)),
        let request = try? RecordedRequest.request(json)
      else { continue }
      requests[CallKey(of: request).description] = request
    }
    return requests
  }

  func remove(_ entry: Entry) {
    try? FileManager.default.removeItem(at: folder.appending(path: entry.name + ".json"))
    try? FileManager.default.removeItem(at: requestFile(entry))
  }

  private func requestFile(_ entry: Entry) -> URL {
    folder.appending(path: entry.name + ".jsonl")
  }
}
