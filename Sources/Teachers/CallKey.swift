package import ArtifactStore
import CanonicalJSON

/// The address of a request in the call cache: the hash of all that can change its answer.
package struct CallKey: Hashable, Sendable, CustomStringConvertible {
  package let digest: Digest

  package init(digest: Digest) { self.digest = digest }

  /// Hashes the fields that ``fields(of:)`` lists, each framed by its length.
  package init(of request: CallRequest) { self.init(of: request, canonicalInputs: nil) }

  /// Hashes the fields of a request whose inputs were made canonical before.
  init(
    of request: CallRequest, canonicalInputs: String?, builder: Int = CallRequest.builderVersion
  ) {
    var hash = FramedHash(domain: "stemma call 1")
    for (name, values) in CallKey.fields(
      of: request, canonicalInputs: canonicalInputs, builder: builder)
    {
      hash.add(name)
      hash.add(String(values.count))
      for value in values { hash.add(value) }
    }
    digest = hash.finish()
  }

  package var description: String { digest.hex }

  /// The low 31 bits of the key, for teachers that take a random seed.
  package var seed: Int {
    Int(digest.bytes.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF)
  }

  /// What is in the key, and why; the order is part of the format.
  ///
  /// | field | why it can change the answer |
  /// | --- | --- |
  /// | builder | the code that turns the fields below into what is sent |
  /// | provider, model, revision | which weights answer, behind which protocol |
  /// | messages | what is asked: role and text of each, in order |
  /// | temperature, top-p, max-tokens | how the answer is drawn and where it is cut |
  /// | schema | the form asked for; as text, since its property order is content |
  /// | inputs | what a teacher in this process reads beside the messages |
  /// | draw | which of several equal questions this is |
  /// | try | how many unusable answers came before |
  /// | body | what the recipe adds to each request; not among the fields where it adds nothing |
  ///
  /// Not in it, since they change how an answer is reached but not what it says: base URL and
  /// endpoint, credentials, timeouts, concurrency, retries, the task's name. A template is in it
  /// by the messages that it renders.
  package static func fields(
    of request: CallRequest, canonicalInputs: String? = nil,
    builder: Int = CallRequest.builderVersion
  ) -> [(name: String, values: [String])] {
    var fields = [
      ("builder", [String(builder)]),
      ("provider", [request.provider]),
      ("model", [request.model]),
      ("revision", optional(request.revision)),
      ("messages", request.messages.flatMap { [$0.role.rawValue, $0.text] }),
      ("temperature", optional(request.sampling.temperature.map { JSON.number($0).text })),
      ("top-p", optional(request.sampling.topP.map { JSON.number($0).text })),
      ("max-tokens", optional(request.sampling.maxTokens.map(String.init))),
      ("schema", optional(request.schema)),
      ("inputs", optional(canonicalInputs ?? request.inputs?.canonicalText)),
      ("draw", [request.draw]),
      ("try", [String(request.attempt)]),
    ]
    if let body = request.extraBody { fields.append(("body", [body.canonicalText])) }
    return fields
  }

  /// An absent value has no element, so that it differs from an empty one.
  private static func optional(_ value: String?) -> [String] { value.map { [$0] } ?? [] }
}
