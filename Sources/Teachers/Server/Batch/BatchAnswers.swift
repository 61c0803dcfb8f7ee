import ArtifactStore
import Foundation

/// Records the answers of one batch, some at a time.
struct BatchAnswers {
  private typealias Call = (record: Record, key: Digest)

  /// So many are made durable together.
  private static let stepSize = 256
  private static let stepSizeInBytes = 16 << 20
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
  /// Lines that tell of a request.
  private(set) var lineCount = 0
  /// Lines that tell of none.
  private(set) var badLineCount = 0
  /// What the server said of the requests that it refused, by their names.
  private(set) var rejections: [String: String] = [:]

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
    var stepBytes = 0
    while let line = try lines.next() {
      guard case .whole(let bytes) = line else {
        hasOversized = true
        lineCount += 1
        continue
      }
      guard let line = teacher.service.line(bytes) else {
        badLineCount += bytes.isEmpty ? 0 : 1
        continue
      }
      lineCount += 1
      guard let call = try call(line) else { continue }
      step.append(call)
      stepBytes += call.record.line.count
      if step.count == Self.stepSize || stepBytes > Self.stepSizeInBytes {
        try await append(step)
        (step, stepBytes) = ([], 0)
      }
    }
    try await append(step)
  }

  private mutating func call(_ line: BatchService.Line) throws(StoreError) -> Call? {
    guard let reply = teacher.reply(in: line) else {
      let problem = line.problem
      if !problem.isEmpty, problems.count < Self.mostProblems { problems.insert(problem) }
      if line.isRejected { rejections[line.name] = problem }
      return nil
    }
    // A second answer to one request, or one that nobody asked for, counts for nothing.
    guard let form = try requests.take(line.name) else { return nil }
    usage.inputTokens += reply.usage.inputTokens
    usage.outputTokens += reply.usage.outputTokens
    let record = CallText.record(form, reply)
    guard record.line.count <= Shard.maximumLineSizeInBytes else {
      hasOversized = true
      return nil
    }
    recorded += 1
    let known = try calls.find(form.key.digest)
    // One that a killed process recorded is counted; any other was paid for, whoever answered first.
    if !known.contains(where: { $0.id == record.id }) {
      budget.count(reply.usage, model: form.request.model)
    }
    // One that only claims the key answers nothing.
    for other in known {
      if CallText.call(other, to: form) != nil { return nil }
      if try RecordedCall.isAnswer(other.record, to: form.request) { return nil }
    }
    return (record, form.key.digest)
  }

  private func append(_ step: [Call]) async throws {
    let calls = calls
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (record, key) in step { group.addTask { try await calls.append(record, key: key) } }
      try await group.waitForAll()
    }
  }
}
