/// A complete answer of a model, usable or not; it is recorded and is a hit from then on.
package struct Answer: Sendable, Hashable {
  package enum Finish: String, Sendable, CaseIterable {
    /// The model ended by itself.
    case stop
    /// The answer was cut by the token limit.
    case length
    /// The model declined.
    case refusal
    /// The provider's content filter held the answer back.
    case filtered
    /// A complete response of success that is not what the protocol says; the text is its body.
    case malformed
  }
  package let text: String
  package let finish: Finish

  package init(text: String, finish: Finish) {
    self.text = text
    self.finish = finish
  }
}

/// Tokens counted by the provider.
package struct Usage: Sendable, Hashable {
  package var inputTokens: Int
  package var outputTokens: Int

  /// So much is believed of one call, that sums stay numbers of JSON.
  private static let most = 1 << 32

  package init(inputTokens: Int = 0, outputTokens: Int = 0) {
    self.inputTokens = min(max(0, inputTokens), Self.most)
    self.outputTokens = min(max(0, outputTokens), Self.most)
  }
}

/// An answer with what was measured beside it.
package struct Reply: Sendable {
  package let answer: Answer
  package let usage: Usage

  package init(answer: Answer, usage: Usage) {
    self.answer = answer
    self.usage = usage
  }
}

/// A model that answers requests.
package protocol Teacher: Sendable {
  /// Asks once, with the retries of a transport that failed.
  ///
  /// - Throws: ``TeacherError`` when no complete answer came; that never counts as an answer.
  func reply(to request: CallRequest) async throws(TeacherError) -> Reply
  /// The same where the request's key and record are made.
  func reply(to form: RequestForm) async throws(TeacherError) -> Reply
}

extension Teacher {
  package func reply(to form: RequestForm) async throws(TeacherError) -> Reply {
    try await reply(to: form.request)
  }
}

/// Why no complete answer came from a model.
package struct TeacherError: Error, Sendable {
  package enum Code: Sendable {
    /// The server is not reached: name, connection, TLS.
    case unreachable
    /// No complete response in time.
    case timeout
    /// 401 or 403.
    case unauthorized
    /// 429, also after all retries.
    case rateLimited
    /// Another 4xx: the request itself is refused.
    case rejected
    /// 5xx, also after all retries.
    case serverFault
    /// The response is larger than is read.
    case oversized
    /// What the recipe grants is spent.
    case budget
    /// The run was stopped.
    case cancelled
    /// The request waits to be submitted in a batch.
    case queued
    /// The teacher cannot do this at all: no key in the environment, another domain.
    case unusable
  }
  package let code: Code
  /// What failed first, with no capital and no final period; never a key, never a body at length.
  package let message: String
  /// What to do next, or nil when nothing helps.
  package let hint: String?

  package init(_ code: Code, _ message: String, hint: String? = nil) {
    self.code = code
    self.message = message
    self.hint = hint
  }
}
