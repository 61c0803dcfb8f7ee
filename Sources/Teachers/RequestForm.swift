import ArtifactStore
import CanonicalJSON

/// A request with its key and the canonical JSON that records it, each made once.
package struct RequestForm: Sendable {
  package let request: CallRequest
  package let key: CallKey
  /// The same bytes as those of the request's ``CallRequest/json`` in canonical form.
  package let json: [UInt8]
  /// The key as it stands in JSON.
  let keyText: [UInt8]

  /// Takes a request with its key and form as some program recorded them.
  init(_ request: CallRequest, key: CallKey, json: [UInt8]) {
    self.request = request
    self.key = key
    self.json = json
    keyText = key.digest.hexBytes
  }

  package init(_ request: CallRequest) {
    self.request = request
    // Inputs are for the most part in the messages too.
    var size = request.messages.reduce(512) { $0 + $1.text.utf8.count * 9 / 8 }
    if request.inputs != nil { size *= 2 }
    size += request.schema?.utf8.count ?? 0
    var inputs: Range<Int>?
    let json = JSONWriter.bytes(sortsNames: true, sizeInBytes: size) { writer in
      inputs = Self.write(request, to: &writer)
    }
    self.json = json
    key = CallKey(of: request, canonicalInputs: inputs.map { json[$0] })
    keyText = key.digest.hexBytes
  }

  /// Writes a request, its members in the order of their names, and says where its inputs stand.
  private static func write(_ request: CallRequest, to writer: inout JSONWriter) -> Range<Int>? {
    var place: Range<Int>?
    if let body = request.extraBody {
      writer.write(raw: #"{"body":"#)
      writer.write(raw: body.canonicalBytes)
      writer.write(raw: #","builder":"#)
    } else {
      writer.write(raw: #"{"builder":"#)
    }
    writer.write(number: Double(CallRequest.builderVersion))
    writer.write(raw: #","draw":"#)
    writer.write(string: request.draw)
    if let inputs = request.inputs {
      writer.write(raw: #","inputs":"#)
      let start = writer.count
      writer.write(inputs)
      place = start..<writer.count
    }
    if let count = request.sampling.maxTokens {
      writer.write(raw: #","max-tokens":"#)
      writer.write(number: Double(count))
    }
    writer.write(raw: #","messages":["#)
    for (index, message) in request.messages.enumerated() {
      writer.write(raw: index == 0 ? #"{"role":"# : #",{"role":"#)
      writer.write(string: message.role.rawValue)
      writer.write(raw: #","text":"#)
      writer.write(string: message.text)
      writer.write(raw: "}")
    }
    writer.write(raw: #"],"model":"#)
    writer.write(string: request.model)
    writer.write(raw: #","provider":"#)
    writer.write(string: request.provider)
    if let revision = request.revision {
      writer.write(raw: #","revision":"#)
      writer.write(string: revision)
    }
    if let schema = request.schema {
      writer.write(raw: #","schema":"#)
      writer.write(string: schema)
    }
    writer.write(raw: #","task":"#)
    writer.write(string: request.task)
    if let temperature = request.sampling.temperature {
      writer.write(raw: #","temperature":"#)
      writer.write(number: temperature)
    }
    if let share = request.sampling.topP {
      writer.write(raw: #","top-p":"#)
      writer.write(number: share)
    }
    writer.write(raw: #","try":"#)
    writer.write(number: Double(request.attempt))
    writer.write(raw: "}")
    return place
  }
}
