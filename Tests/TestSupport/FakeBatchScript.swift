package import CanonicalJSON
import Foundation
import Synchronization

/// A script for a fake server with OpenAI's batch interface, which answers the requests of a batch as
/// another script says.
///
/// Source: OpenAI API reference, Files and Batch.
package final class FakeBatchScript: Sendable {
  /// What becomes of a batch.
  package enum Fate: Sendable {
    /// All requests are answered.
    case completed
    /// Only so many are answered before time is up.
    case expired(answered: Int)
    /// The file is refused.
    case failed(String)
    /// Stays in progress until it is cancelled, with so many answers then.
    case stays(answered: Int)
  }

  /// Replaces what the interface does; nil leaves it as it is.
  ///
  /// - Parameters:
  ///   - call: Method and path.
  ///   - count: How many calls came before.
  package typealias Fault =
    @Sendable (_ call: String, _ count: Int) -> FakeChatServer.Behaviour?

  /// One batch as the server keeps it.
  private struct Batch {
    let id: String
    let lines: [JSON]
    let metadata: JSON
    let endpoint: String
    var fate: Fate
    var pollsLeft: Int
    var isCancelled = false
  }

  private struct State {
    var files: [String: [JSON]] = [:]
    var batches: [Batch] = []
    var count = 0
    var log: [String] = []
    var isLosingNextReply = false
    /// How often batches are not listed yet.
    var hiddenLists = 0
  }

  private let polls: Int
  private let fate: @Sendable (_ number: Int) -> Fate
  private let answer: @Sendable (_ body: JSON) -> (status: Int, body: JSON)
  private let fault: Fault
  private let state = Mutex(State())

  /// Makes a script.
  ///
  /// - Parameters:
  ///   - polls: How often a batch is still in progress when it is looked at.
  ///   - fate: What becomes of a batch, by its number from 0.
  ///   - fault: What goes wrong.
  ///   - answer: What a request's body is answered with.
  package init(
    polls: Int = 1, fate: @escaping @Sendable (_ number: Int) -> Fate = { _ in .completed },
    fault: @escaping Fault = { _, _ in nil },
    answer: @escaping @Sendable (_ body: JSON) -> (status: Int, body: JSON)
  ) {
    self.polls = polls
    self.fate = fate
    self.answer = answer
    self.fault = fault
  }

  package var script: FakeChatServer.Script { { self.behaviour(for: $0) } }

  /// What was asked of the interface, as method and path.
  package var log: [String] { state.withLock(\.log) }
  /// The number of batches that were begun.
  package var batchCount: Int { state.withLock(\.batches.count) }
  /// How many requests each batch had.
  package var batchSizes: [Int] { state.withLock(\.batches).map(\.lines.count) }
  /// The names of all requests that were submitted, in order, with repetitions.
  package var submitted: [String] {
    state.withLock { $0.batches.flatMap(\.lines) }.compactMap { $0["custom_id"]?.string }
  }
  /// Lets the next batch begin without telling its id, as a connection that breaks does.
  ///
  /// - Parameter hiddenLists: How often the batch is missing in the list after that.
  package func loseNextReply(hiddenLists: Int = 0) {
    state.withLock { state in
      state.isLosingNextReply = true
      state.hiddenLists = hiddenLists
    }
  }

  private func behaviour(for request: FakeChatServer.RequestInfo) -> FakeChatServer.Behaviour {
    let path = request.path.split(separator: "?")[0].split(separator: "/").dropFirst().map(
      String.init)
    return state.withLock { state in
      let call = "\(request.method) /" + path.joined(separator: "/")
      state.log.append(call)
      if let behaviour = fault(call, state.log.count - 1) { return behaviour }
      switch (request.method, path.first, path.count) {
      case ("POST", "files", 1): return upload(request, &state)
      case ("GET", "files", 3): return content(path[1], state)
      case ("POST", "batches", 1): return begin(request, &state)
      case ("GET", "batches", 1):
        if state.hiddenLists > 0 {
          state.hiddenLists -= 1
          return .text(#"{"data":[],"has_more":false}"#)
        }
        let list = state.batches.reversed().map { description(of: $0, in: state) }
        return .text((["data": .array(list), "has_more": false] as JSON).text)
      case ("GET", "batches", 2), ("POST", "batches", 3):
        guard let index = state.batches.firstIndex(where: { $0.id == path[1] }) else {
          return .failure(404, "no such batch")
        }
        if path.last == "cancel" {
          let (status, _) = progress(of: state.batches[index])
          guard status == "in_progress" else {
            return .failure(409, "a batch that is \(status) cannot be cancelled")
          }
          state.batches[index].isCancelled = true
        }
        defer { state.batches[index].pollsLeft -= 1 }
        return .text(description(of: state.batches[index], in: state).text)
      default: return .failure(404, "no such path")
      }
    }
  }

  private func upload(
    _ request: FakeChatServer.RequestInfo, _ state: inout State
  ) -> FakeChatServer.Behaviour {
    guard request.headers["content-type"]?.hasPrefix("multipart/form-data; boundary=") == true,
      request.bodyText.contains("name=\"purpose\"\r\n\r\nbatch\r\n")
    else { return .failure(400, "no form with a purpose") }
    let lines = request.bodyText.split(whereSeparator: \.isNewline).filter { $0.hasPrefix("{") }
      .compactMap { try? JSON(parsing: String($0)) }
    state.count += 1
    let id = "file-\(state.count)"
    state.files[id] = lines
    return .text((["id": .string(id), "object": "file"] as JSON).text)
  }

  private func begin(
    _ request: FakeChatServer.RequestInfo, _ state: inout State
  ) -> FakeChatServer.Behaviour {
    guard let json = request.json, let file = json["input_file_id"]?.string,
      let lines = state.files[file], json["completion_window"]?.string == "24h",
      let endpoint = json["endpoint"]?.string, endpoint == "/v1/chat/completions"
    else { return .failure(400, "no batch of a file") }
    let batch = Batch(
      id: "batch_\(state.batches.count)", lines: lines, metadata: json["metadata"] ?? .null,
      endpoint: endpoint, fate: fate(state.batches.count), pollsLeft: polls)
    state.batches.append(batch)
    defer { state.isLosingNextReply = false }
    return state.isLosingNextReply ? .cut : .text(description(of: batch, in: state).text)
  }

  /// The status, and how many requests have an answer.
  private func progress(of batch: Batch) -> (status: String, answered: Int) {
    if batch.isCancelled {
      guard case .stays(let answered) = batch.fate else { return ("cancelled", 0) }
      return ("cancelled", answered)
    }
    if batch.pollsLeft > 0 { return ("in_progress", 0) }
    switch batch.fate {
    case .completed: return ("completed", batch.lines.count)
    case .expired(let answered): return ("expired", answered)
    case .failed: return ("failed", 0)
    case .stays: return ("in_progress", 0)
    }
  }

  private func description(of batch: Batch, in state: State) -> JSON {
    let (status, answered) = progress(of: batch)
    var json = JSONObject([
      ("id", .string(batch.id)), ("object", "batch"), ("status", .string(status)),
      ("endpoint", .string(batch.endpoint)), ("metadata", batch.metadata),
      (
        "request_counts",
        [
          "total": JSON(batch.lines.count), "completed": JSON(answered), "failed": JSON(0),
        ]
      ),
    ])
    if case .failed(let why) = batch.fate, status == "failed" {
      json["errors"] = ["data": [["message": .string(why)]]]
    }
    if answered > 0 { json["output_file_id"] = .string("out-\(batch.id)") }
    // As some servers write that there is none.
    json["error_file_id"] = ""
    if status == "expired" || status == "cancelled" {
      json["error_file_id"] = .string("err-\(batch.id)")
    }
    return .object(json)
  }

  private func content(_ file: String, _ state: State) -> FakeChatServer.Behaviour {
    guard let batch = state.batches.first(where: { file.hasSuffix("-\($0.id)") }) else {
      return .failure(404, "no such file")
    }
    let answered = progress(of: batch).answered
    var lines: [String] = []
    if file.hasPrefix("out-") {
      // Answers come in any order.
      for line in batch.lines.prefix(answered).reversed() {
        let (status, body) = answer(line["body"] ?? .null)
        lines.append(
          ([
            "custom_id": line["custom_id"] ?? .null,
            "response": ["status_code": JSON(status), "body": body], "error": .null,
          ] as JSON).text)
      }
    } else {
      for line in batch.lines.dropFirst(answered) {
        lines.append(
          ([
            "custom_id": line["custom_id"] ?? .null, "response": .null,
            "error": ["code": "batch_expired", "message": "This request was not executed."],
          ] as JSON).text)
      }
    }
    return .text(lines.map { $0 + "\n" }.joined(), contentType: "application/octet-stream")
  }
}
