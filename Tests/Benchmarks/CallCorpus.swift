import ArtifactStore
import CanonicalJSON
import Foundation

/// Writes made calls into a dataset the way a run does: each durable before the next of its task.
struct CallCorpus {
  /// As many tasks append at a time as calls are in flight in a large run.
  private static let taskCount = 256

  /// So many texts are taken in turn, more than a shard holds calls.
  private static let textCount = 4096

  let count: Int
  let folder: URL
  /// A file of lines from which the texts of calls are taken.
  let texts: URL

  func write() async throws {
    let store = try Store(at: folder)
    let lock = try store.lock(purpose: "benchmark")
    defer { withExtendedLifetime(lock) {} }
    let calls = try CallStore(store)
    let lines = try readTexts()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<Self.taskCount {
        group.addTask {
          for number in stride(from: task, to: count, by: Self.taskCount) {
            let key = Digest(of: "call \(number)".utf8)
            try await calls.append(
              Self.call(number, key, lines[number * 7919 % lines.count]), key: key)
          }
        }
      }
      try await group.waitForAll()
    }
    try await calls.seal()
    calls.close()
  }

  private func readTexts() throws -> [String] {
    let file = try FileHandle(forReadingFrom: texts)
    let bytes = try file.read(upToCount: Self.textCount << 11) ?? Data()
    return bytes.split(separator: 0x0A).prefix(Self.textCount)
      .map { String(decoding: $0.prefix(700), as: UTF8.self) }
  }

  /// A call of about a kilobyte: an instruction that many calls share, a question, and an answer.
  private static func call(_ number: Int, _ key: Digest, _ words: String) -> Record {
    Record(
      .calls,
      [
        "answer": ["finish": "stop", "text": .string(String(words.suffix(300)))],
        "key": .string(key.hex),
        "request": [
          "builder": 1, "draw": .string("slot \(number / 5) attempt 0"),
          "messages": [
            [
              "role": "system",
              "text":
                "You write samples of a dataset. You answer with one line of JSON and nothing else.",
            ], ["role": "user", "text": .string(String(words.prefix(400)))],
          ], "model": "teacher-1", "provider": "openai",
          "task": .string(["generate", "solve", "ask-correct", "ask-incorrect"][number % 4]),
          "try": 0,
        ], "usage": ["input": JSON(100 + number % 77), "output": JSON(40 + number % 31)],
      ])
  }
}
