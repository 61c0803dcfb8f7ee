import Dataset
import Synchronization
import Teachers

/// A teacher whose answers come from a closure, and which notes every request.
final class ScriptedTeacher: Teacher {
  typealias Script = @Sendable (CallRequest) async throws(TeacherError) -> Answer

  private let script: Script
  private let noted = Mutex<[CallRequest]>([])

  init(_ script: @escaping Script) { self.script = script }

  /// Answers as the embedded teacher does, except where the closure has an answer.
  static func embedded(
    _ rates: EmbeddedRates = EmbeddedRates(),
    except script: @escaping @Sendable (CallRequest) throws(TeacherError) -> Answer? = { _ in nil }
  ) -> ScriptedTeacher {
    let teacher = EmbeddedTeacher(rates: rates)
    return ScriptedTeacher { request throws(TeacherError) in
      if let answer = try script(request) { return answer }
      return try teacher.answer(to: request).answer
    }
  }

  /// Answers with texts, in the order of the requests; then with the last one.
  static func texts(_ texts: String...) -> ScriptedTeacher {
    let rest = Mutex(texts)
    return ScriptedTeacher { _ throws(TeacherError) in
      .stop(rest.withLock { $0.count > 1 ? $0.removeFirst() : $0.first ?? "" })
    }
  }

  func reply(to request: CallRequest) async throws(TeacherError) -> Reply {
    noted.withLock { $0.append(request) }
    return Reply(
      answer: try await script(request), usage: Usage(inputTokens: 3, outputTokens: 2))
  }

  var requests: [CallRequest] { noted.withLock { $0 } }
  func count(_ task: String) -> Int { requests.count { $0.task == task } }
}

extension Answer {
  static func stop(_ text: String) -> Answer { Answer(text: text, finish: .stop) }
}
