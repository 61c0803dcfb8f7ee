package import CanonicalJSON

/// One part of a conversation sent to a model.
package struct Message: Sendable, Hashable {
  package enum Role: String, Sendable, CaseIterable { case system, user, assistant }
  package let role: Role
  package let text: String

  package init(_ role: Role, _ text: String) {
    self.role = role
    self.text = text
  }
}

/// How a model draws its answer; nil leaves a value to the server.
package struct Sampling: Sendable, Hashable {
  package var temperature: Double?
  package var topP: Double?
  /// The most tokens of an answer.
  package var maxTokens: Int?

  package init(temperature: Double? = nil, topP: Double? = nil, maxTokens: Int? = nil) {
    self.temperature = temperature
    self.topP = topP
    self.maxTokens = maxTokens
  }
}

/// Everything that can change the bytes of a model's answer, and nothing else.
package struct CallRequest: Sendable, Hashable {
  /// The version of the code that builds requests, raised only when their bytes change.
  package static let builderVersion = 1

  /// The prompt template's name, such as `propose-children`.
  package var task: String
  /// The kind of the provider: `embedded`, `openai`, `anthropic` or `gemini`.
  package var provider: String
  /// The model's name as the provider knows it, with its settings for the embedded teacher.
  package var model: String
  /// The revision of the weights, where the recipe pins one.
  package var revision: String?
  package var messages: [Message]
  package var sampling: Sampling
  /// The JSON Schema of the answer as text: its property order is content.
  package var schema: String?
  /// Members of the body that the recipe adds; nil for none.
  package var extraBody: JSON?
  /// The template's variables, only for teachers that run in this process; never sent anywhere.
  package var inputs: JSON?
  /// Which of several equal questions this is: a function of the asking unit's own identity.
  package var draw: String
  /// How many complete but unusable answers came before.
  package var attempt: Int

  package init(
    task: String, provider: String, model: String, revision: String? = nil, messages: [Message],
    sampling: Sampling = Sampling(), schema: String? = nil, extraBody: JSON? = nil,
    inputs: JSON? = nil, draw: String, attempt: Int = 0
  ) {
    self.task = task
    self.provider = provider
    self.model = model
    self.revision = revision
    self.messages = messages
    self.sampling = sampling
    self.schema = schema
    self.extraBody = extraBody
    self.inputs = inputs
    self.draw = draw
    self.attempt = attempt
  }
}
