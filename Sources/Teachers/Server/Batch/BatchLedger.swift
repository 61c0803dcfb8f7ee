import ArtifactStore
import CanonicalJSON
import Foundation

/// The batches that are under way: local files, with all that it takes to record their answers.
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
    /// The most that its requests can take.
    let most: Budget.Share
    /// Seconds since 1970.
    var submittedAt: Int

    var requestCount: Int { most.calls }
  }

  let folder: URL

  init(in folder: URL) { self.folder = folder.appending(path: "batches") }

  /// All batches, the oldest first.
  ///
  /// - Throws: ``StoreError`` when one is not understood: it may be paid for.
  func entries() throws(StoreError) -> [Entry] {
    let path = folder.path(percentEncoded: false)
    guard FileManager.default.fileExists(atPath: path) else { return [] }
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw StoreError(.io, "cannot read '\(path)', where batches are noted")
    }
    var entries: [Entry] = []
    for name in names where name.hasSuffix(".json") {
      entries.append(try entry(folder.appending(path: name)))
    }
    return entries.sorted { ($0.submittedAt, $0.name) < ($1.submittedAt, $1.name) }
  }

  private func entry(_ url: URL) throws(StoreError) -> Entry {
    guard let bytes = try? Data(contentsOf: url), let json = try? JSON(parsing: Array(bytes)),
      let account = json["account"]?.string, let baseURL = json["base-url"]?.string,
      let calls = LocalCount.of(json["requests"]),
      let tokens = LocalCount.of(json["most-tokens"]),
      let money = json["most-money"]?.double, money >= 0,
      let time = LocalCount.of(json["submitted"])
    else {
      throw StoreError(
        .corrupt, "the note of a batch, '\(url.path(percentEncoded: false))', is not understood",
        hint: "remove it to give up the batch's answers; its requests are then asked again")
    }
    return Entry(
      name: url.deletingPathExtension().lastPathComponent, account: account, baseURL: baseURL,
      id: json["id"]?.string,
      most: Budget.Share(calls: calls, tokens: tokens, money: money), submittedAt: time)
  }

  /// Notes a batch, with the lines of its requests the first time.
  func save(_ entry: Entry, requests: [UInt8]? = nil) throws(StoreError) {
    if let requests { try DurableFile.replace(file(entry, .requests), with: requests) }
    var json = JSONObject([
      ("account", .string(entry.account)), ("base-url", .string(entry.baseURL)),
      ("most-money", .number(entry.most.money)), ("most-tokens", JSON(entry.most.tokens)),
      ("requests", JSON(entry.requestCount)), ("submitted", JSON(entry.submittedAt)),
    ])
    json["id"] = entry.id.map { .string($0) }
    try DurableFile.replace(
      folder.appending(path: entry.name + ".json"), with: JSON.object(json).canonicalBytes)
  }

  /// The requests of a batch.
  ///
  /// - Throws: ``StoreError`` when they cannot be read any more.
  func requests(of entry: Entry) throws(StoreError) -> BatchRequests {
    guard let bytes = try? Data(contentsOf: file(entry, .requests), options: .alwaysMapped) else {
      throw StoreError(
        .missing, "the requests of batch '\(entry.name)' are gone",
        hint: "remove '\(folder.path)/\(entry.name).json': its answers cannot be used")
    }
    let requests = BatchRequests(bytes)
    guard requests.count == entry.requestCount else { throw Self.damaged(entry) }
    return requests
  }

  private static func damaged(_ entry: Entry) -> StoreError {
    StoreError(
      .corrupt, "the requests of batch '\(entry.name)' are damaged",
      hint: "remove what begins with that name in '.git/stemma/batches' to give up its answers")
  }

  func remove(_ entry: Entry) {
    try? FileManager.default.removeItem(at: folder.appending(path: entry.name + ".json"))
    for part in Part.allCases { try? FileManager.default.removeItem(at: file(entry, part)) }
  }

  /// A file that goes with a batch.
  enum Part: String, CaseIterable {
    /// What was submitted.
    case requests
    /// What came of it.
    case output, errors
  }

  func file(_ entry: Entry, _ part: Part) -> URL {
    folder.appending(path: "\(entry.name)-\(part.rawValue).jsonl")
  }
}

/// The requests of a batch, read from its file when they are wanted.
struct BatchRequests {
  private let bytes: Data
  private var places: [String: Range<Data.Index>] = [:]

  init(_ bytes: Data) {
    self.bytes = bytes
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: 0x0A) {
      if let name = BatchedRequest.name(in: bytes[start..<end]) { places[name] = start..<end }
      start = end + 1
    }
  }

  /// How many were not taken.
  var count: Int { places.count }

  /// Takes the request that was submitted under a name; nil for an unknown one, and the second time.
  ///
  /// - Throws: ``StoreError`` when it is damaged.
  mutating func take(_ name: String) throws(StoreError) -> RequestForm? {
    guard let place = places.removeValue(forKey: name) else { return nil }
    guard let request = BatchedRequest(line: bytes[place]) else {
      throw StoreError(.corrupt, "the request '\(name)' of a batch is damaged")
    }
    return request.form
  }
}
