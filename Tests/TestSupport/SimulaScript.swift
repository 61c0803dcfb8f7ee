import CanonicalJSON
import Synchronization

/// A script for a fake server that plays the method as a model would.
///
/// What it answers is a function of the request's body alone. It reads the form that is asked for
/// and what the prompt says, and does sums such as "What is 12 + 30? (case 5a)".
package final class SimulaScript: Sendable {
  /// What the method asks a model for.
  package enum Task: String, Sendable, CaseIterable {
    case factors, factorReview, children, childReview, plan, strategies, scenarios, complexify
    case sample, judge, isCorrect, isIncorrect, solve
  }

  /// Replaces the answer to some requests; nil leaves it as it is.
  ///
  /// - Parameters:
  ///   - task: What is asked for.
  ///   - request: The request as it came.
  ///   - count: How many requests came before, of all tasks.
  package typealias Fault =
    @Sendable (_ task: Task, _ request: FakeChatServer.RequestInfo, _ count: Int) ->
    FakeChatServer.Behaviour?

  /// How often which body came, and in which order tasks were asked.
  package struct Log: Sendable {
    /// The number of requests by the hash of their body.
    package fileprivate(set) var counts: [UInt64: Int] = [:]
    /// The seeds of the requests, which stand for their call keys, in the order they came.
    package fileprivate(set) var seeds: [Int] = []
    /// The seeds of those that were answered, in the order they came.
    package fileprivate(set) var answered: [Int] = []
    /// The number of requests by what they asked for.
    package fileprivate(set) var tasks: [Task: Int] = [:]

    package var requestCount: Int { seeds.count }
    package var distinctCount: Int { counts.count }
    /// How many requests had a body that had come before.
    package var repeatCount: Int { requestCount - distinctCount }
  }

  private let latency: Duration
  private let jitter: Duration
  private let wrongShare: Double
  private let rejectedShare: Double
  private let fault: Fault
  private let state = Mutex(Log())

  /// Makes a script.
  ///
  /// - Parameters:
  ///   - latency: How long each answer takes at least.
  ///   - jitter: How much longer it takes at most, at random.
  ///   - wrongShare: How many samples have a wrong answer, from 0 to 1.
  ///   - rejectedShare: How many drafts the requirement critic rejects, from 0 to 1.
  ///   - fault: What goes wrong.
  package init(
    latency: Duration = .zero, jitter: Duration = .zero, wrongShare: Double = 0,
    rejectedShare: Double = 0,
    fault: @escaping Fault = { _, _, _ in nil }
  ) {
    self.latency = latency
    self.jitter = jitter
    self.wrongShare = wrongShare
    self.rejectedShare = rejectedShare
    self.fault = fault
  }

  package var log: Log { state.withLock { $0 } }
  package var requestCount: Int { state.withLock { $0.requestCount } }
  package var distinctCount: Int { state.withLock { $0.distinctCount } }

  /// The script in the form that a fake server takes.
  package var script: FakeChatServer.Script {
    { self.behaviour(for: $0) }
  }

  /// What a request's body is answered with, or nil when it is no question of the method.
  package func answerText(to body: [UInt8]) -> String? {
    guard let question = SimulaQuestion(try? JSON(parsing: body)) else { return nil }
    return question.answer(
      hash: SimulaQuestion.hash(body), wrongShare: wrongShare, rejectedShare: rejectedShare
    ).text
  }

  /// What a request's body asks for, or nil when it is no question of the method.
  package static func task(of body: [UInt8]) -> Task? {
    SimulaQuestion(try? JSON(parsing: body))?.task
  }

  private func behaviour(for request: FakeChatServer.RequestInfo) -> FakeChatServer.Behaviour {
    guard let question = SimulaQuestion(request.json) else {
      return .failure(400, "this is no question of the method")
    }
    let hash = SimulaQuestion.hash(request.body)
    let count = state.withLock { log in
      log.counts[hash, default: 0] += 1
      log.seeds.append(question.seed)
      log.tasks[question.task, default: 0] += 1
      return log.requestCount - 1
    }
    if let behaviour = fault(question.task, request, count) { return behaviour }
    state.withLock { $0.answered.append(question.seed) }
    let answer = question.answer(
      hash: hash, wrongShare: wrongShare, rejectedShare: rejectedShare)
    let behaviour = FakeChatServer.Behaviour.answer(answer.text)
    let delay = latency + jitter * Double.random(in: 0...1)
    return delay > .zero ? .delayed(delay, behaviour) : behaviour
  }
}
