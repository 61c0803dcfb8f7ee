package import ArtifactStore
import CanonicalJSON

/// The address of a request in the call cache: the hash of all that can change its answer.
package struct CallKey: Hashable, Sendable, CustomStringConvertible {
  package let digest: Digest

  package init(digest: Digest) { self.digest = digest }

  /// Hashes the fields that ``visitFields(of:canonicalInputs:builder:_:)`` lists, each framed by its length.
  package init(of request: CallRequest) { self.init(of: request, canonicalInputs: nil) }

  /// Hashes the fields of a request whose inputs were made canonical before.
  init(
    of request: CallRequest, canonicalInputs: ArraySlice<UInt8>?,
    builder: Int = CallRequest.builderVersion
  ) {
    var hash = FramedHash(domain: "stemma call 1")
    CallKey.visitFields(of: request, canonicalInputs: canonicalInputs, builder: builder) {
      $1.add(name: $0, to: &hash)
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
  @inline(__always)
  static func visitFields(
    of request: CallRequest, canonicalInputs: ArraySlice<UInt8>? = nil,
    builder: Int = CallRequest.builderVersion, _ visit: (_ name: String, CallKeyField) -> Void
  ) {
    visit("builder", .text(String(builder)))
    visit("provider", .text(request.provider))
    visit("model", .text(request.model))
    visit("revision", .text(request.revision))
    visit("messages", .messages(request.messages))
    visit("temperature", .text(request.sampling.temperature.map { JSON.number($0).text }))
    visit("top-p", .text(request.sampling.topP.map { JSON.number($0).text }))
    visit("max-tokens", .text(request.sampling.maxTokens.map(String.init)))
    visit("schema", .text(request.schema))
    visit("inputs", .bytes(canonicalInputs ?? request.inputs?.canonicalBytes[...]))
    visit("draw", .text(request.draw))
    visit("try", .text(String(request.attempt)))
    if let body = request.extraBody { visit("body", .text(body.canonicalText)) }
  }
}

/// The values of one field of a key: an absent one has none, so that it differs from an empty one.
enum CallKeyField {
  case text(String?)
  /// Text as UTF-8.
  case bytes(ArraySlice<UInt8>?)
  /// Role and text of each.
  case messages([Message])

  /// Adds the name, how many values there are, and these.
  @inline(__always)
  func add(name: String, to hash: inout FramedHash) {
    hash.add(name)
    switch self {
    case .text(nil): hash.add("0")
    case .text(let text?):
      hash.add("1")
      hash.add(text)
    case .bytes(nil): hash.add("0")
    case .bytes(let bytes?):
      hash.add("1")
      hash.add(bytes)
    case .messages(let messages):
      hash.add(String(messages.count * 2))
      for message in messages {
        hash.add(message.role.rawValue)
        hash.add(message.text)
      }
    }
  }
}
