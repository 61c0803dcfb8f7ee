package import ArtifactStore
package import CanonicalJSON
package import Dataset
package import Teachers

/// Why a complete answer of a model cannot be used.
package struct UnusableAnswer: Error, Sendable, Hashable {
  package enum Reason: String, Sendable {
    case cut, refused, filtered, empty, malformed, recalled
    case notJSON = "not JSON"
    case severalValues = "several JSON values"
    case wrongShape = "JSON of the wrong shape"
  }
  package let reason: Reason
  package let message: String

  package init(_ reason: Reason, _ message: String) {
    self.reason = reason
    self.message = message
  }

  /// What stands for an answer that must not be used again.
  static let recalled = UnusableAnswer(.recalled, "the answer is recalled")

  /// How to have a question asked again; goes behind another hint.
  static let again =
    "; recorded answers are used again: to ask anew give the teacher another 'revision:'"
}

/// What asking came to: a value, or why none of the tries gave one.
package struct Asked<Value: Sendable>: Sendable {
  package let result: Result<Value, UnusableAnswer>
  /// The call whose answer was used, or the last one.
  package let call: RecordID
  /// That answer's text.
  package let text: String

  /// The same with another value.
  func map<Other: Sendable>(_ change: (Value) -> Other) -> Asked<Other> {
    Asked<Other>(result: result.map(change), call: call, text: text)
  }
}

/// A model and how it is asked in one role.
package final class Player: Sendable {
  package let teacher: any Teacher
  package let provider: String
  package let model: String
  package let revision: String?
  package let sampling: Sampling
  /// What the recipe adds to each request.
  package let extraBody: JSON?
  package let wantsInputs: Bool
  /// Whether the schema is sent as one; if not, it stands in the messages.
  package let isStructured: Bool

  package init(
    teacher: any Teacher, provider: String, model: String, revision: String?, sampling: Sampling,
    extraBody: JSON? = nil, wantsInputs: Bool, isStructured: Bool = true
  ) {
    self.teacher = teacher
    self.provider = provider
    self.model = model
    self.revision = revision
    self.sampling = sampling
    self.extraBody = extraBody
    self.wantsInputs = wantsInputs
    self.isStructured = isStructured
  }
}

/// Puts the method's questions to models through the call cache, and reads the answers.
package final class Asker: Sendable {
  /// Raised when answers are read otherwise, so that all stages derive again.
  static let codeVersion = 3
  /// How many different requests are made until one answer can be used.
  package static let tries = 3

  package let recipe: Recipe
  private let prompts: PromptSet
  private let cache: any CallSource
  private let players: [Role: Player]
  private let recalled: RecalledCalls

  package init(
    recipe: Recipe, prompts: PromptSet, cache: any CallSource, players: [Role: Player],
    recalled: RecalledCalls = RecalledCalls()
  ) {
    self.recipe = recipe
    self.prompts = prompts
    self.cache = cache
    self.players = players
    self.recalled = recalled
  }

  /// The models of all roles, in the order of these; those with equal settings are one.
  var teachers: [any Teacher] { Role.allCases.compactMap { players[$0]?.teacher } }

  /// The same with other answers.
  func answering(from cache: any CallSource) -> Asker {
    Asker(recipe: recipe, prompts: prompts, cache: cache, players: players, recalled: recalled)
  }

  /// Whether there is a template for a task, which is in doubt for optional ones only.
  package func has(_ task: PromptTask) -> Bool { prompts.has(task) }

  /// Asks until an answer can be used, at most ``tries`` times.
  ///
  /// A complete answer that is cut, refused, unreadable or of another shape is recorded as that; the
  /// next try is another request, with the error appended, and with a larger limit after a cut that
  /// was no loop.
  ///
  /// A recalled answer is no answer. Where text is grown the next try takes its place, which is no
  /// correction and counts as none; a slot goes on with its next attempt instead.
  ///
  /// - Parameters:
  ///   - task: The question.
  ///   - role: Who is asked.
  ///   - inputs: The template's variables; description and schema are added.
  ///   - schema: The JSON Schema of the answer.
  ///   - draw: Which of several equal questions this is.
  ///   - following: What was said since the question: an earlier answer and what is wrong with it.
  ///   - read: Takes the value out of the JSON; the flag says whether this is the last try.
  /// - Returns: The value or why there is none, and the call that decided it.
  /// - Throws: ``TeacherError`` or ``StoreError`` when no complete answer came.
  package func ask<Value: Sendable>(
    _ task: PromptTask, _ role: Role, inputs: JSONObject, schema: String, draw: String,
    following: [Message] = [], read: (JSON, _ isLastTry: Bool) throws(UnusableAnswer) -> Value
  ) async throws -> Asked<Value> {
    guard let player = players[role] else { preconditionFailure("every role has a player") }
    var variables = inputs
    variables["description"] = .string(recipe.description)
    variables["schema"] = .string(schema)
    var messages = prompts[task].messages(variables)
    if !following.isEmpty { messages += following }
    variables["schema"] = nil
    if !player.isStructured, !messages.contains(where: { $0.text.contains(schema) }) {
      messages = Correction.adding(
        "Answer with one line of JSON of this schema: \(schema)", to: messages)
    }
    let question = messages
    // Without what is said of recalled answers.
    var conversation = messages
    var sampling = player.sampling
    var number = 0
    var unusableCount = 0
    var recalledCount = 0
    var last: Asked<Value>?
    while true {
      let request = CallRequest(
        task: task.rawValue, provider: player.provider, model: player.model,
        revision: player.revision, messages: messages, sampling: sampling,
        schema: player.isStructured ? schema : nil, extraBody: player.extraBody,
        inputs: player.wantsInputs ? .object(variables) : nil, draw: draw, attempt: number)
      let call: RecordedCall
      do {
        switch try await answer(request, player) {
        case .success(let answered): call = answered
        case .failure(let recalled):
          guard task.growsText else {
            return Asked(result: .failure(.recalled), call: recalled.call, text: "")
          }
          number += 1
          recalledCount += 1
          messages = Correction.anew(conversation, recalledCount: recalledCount)
          continue
        }
      } catch let error as TeacherError {
        // A server may refuse a longer limit or a longer conversation; that ends the tries only.
        guard error.code == .rejected, let last else { throw error }
        return last
      }
      let isLast = unusableCount + 1 == Self.tries
      let result: Result<Value, UnusableAnswer>
      do {
        result = .success(try read(try AnswerReader.json(call.answer), isLast))
      } catch {
        result = .failure(error)
      }
      guard case .failure(let problem) = result, !isLast else {
        return Asked(result: result, call: call.id, text: call.answer.text)
      }
      last = Asked(result: result, call: call.id, text: call.answer.text)
      number += 1
      unusableCount += 1
      messages = Correction.conversation(
        of: question, after: messages, call.answer.text, problem, tries: unusableCount)
      conversation = messages
      if problem.reason == .cut, !Correction.isLoop(call.answer.text) {
        sampling.maxTokens = (sampling.maxTokens ?? 1024) * 2
      }
    }
  }

  /// An answer that nobody may use any more.
  private struct Recalled: Error {
    let call: RecordID
  }

  /// What is recorded or asked now; of a request whose answer is recalled nobody is asked.
  private func answer(
    _ request: CallRequest, _ player: Player
  ) async throws -> Result<RecordedCall, Recalled> {
    if recalled.hasKeys, let call = recalled.answer(toKey: CallKey(of: request).digest) {
      return .failure(Recalled(call: call))
    }
    let call = try await cache.answer(request, from: player.teacher)
    return recalled.contains(call.id) ? .failure(Recalled(call: call.id)) : .success(call)
  }
}
