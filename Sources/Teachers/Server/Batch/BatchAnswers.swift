import ArtifactStore
import Foundation

/// Records the answers of one batch, some at a time.
struct BatchAnswers {
  private typealias Call = (record: Record, key: Digest)

  /// So many are made durable together.
  private static let stepSize = 256
  private static let mostProblems = 20

  private var requests: BatchRequests
  private let calls: CallStore
  private let budget: Budget
  private let teacher: BatchTeacher

  private(set) var recorded = 0
  private(set) var usage = Usage()
  /// What the server said of requests without an answer, each once.
  private(set) var problems: Set<String> = []
  /// Whether an answer was too long to be kept.
  private(set) var hasOversized = false

  init(_ requests: BatchRequests, calls: CallStore, budget: Budget, teacher: BatchTeacher) {
    self.requests = requests
    self.calls = calls
    self.budget = budget
    self.teacher = teacher
  }

  /// How many requests have no answer so far.
  var unanswered: Int { requests.count }

  /// Records what is in a file.
  ///
  /// - Throws: ``StoreError`` when it cannot be read, or the answers cannot be kept.
  mutating func record(_ file: URL) async throws {
    let path = file.path(percentEncoded: false)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw StoreError(.io, "cannot read '\(path)': \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var lines = NumberedLines(descriptor, name: "'\(path)'")
    var step: [Call] = []
    while let line = try lines.next() {
      guard case .whole(let bytes) = line else {
        hasOversized = true
        continue
      }
      if let line = teacher.service.line(bytes), let call = try call(line) { step.append(call) }
      if step.count == Self.stepSize {
        try await append(step)
        step = []
      }
    }
    try await append(step)
  }

  private mutating func call(_ line: BatchService.Line) throws(StoreError) -> Call? {
    guard let reply = teacher.reply(in: line) else {
      if !line.problem.isEmpty, problems.count < Self.mostProblems { problems.insert(line.problem) }
      return nil
    }
    // A second answer to one request, or one that nobody asked for, counts for nothing.
    guard let form = requests.take(line.name) else { return nil }
    recorded += 1
    usage.inputTokens += reply.usage.inputTokens
    usage.outputTokens += reply.usage.outputTokens
    let record = CallText.record(form, reply)
    let known = try calls.find(form.key.digest)
    // One that a killed process recorded is counted; any other was paid for, whoever answered first.
    if !known.contains(where: { $0.id == record.id }) {
      budget.count(reply.usage, model: form.request.model)
    }
    return known.isEmpty ? (record, form.key.digest) : nil
  }

  private func append(_ step: [Call]) async throws {
    let calls = calls
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (record, key) in step { group.addTask { try await calls.append(record, key: key) } }
      try await group.waitForAll()
    }
  }
}
