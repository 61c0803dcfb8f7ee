import ArtifactStore
import CanonicalJSON
import Foundation

/// The line of a call in the one form that this program writes: canonical JSON.
enum CallText {
  // No arrays, whose references all threads would count.
  private static let start: StaticString = #"{"answer":{"finish":""#
  private static let text: StaticString = #"","text":"#
  private static let key: StaticString = #"},"key":""#
  private static let request: StaticString = #"","request":"#
  private static let usage: StaticString = #","usage":"#

  /// Makes the record of a fresh reply.
  static func record(_ form: RequestForm, _ reply: Reply) -> Record {
    var writer = JSONWriter(
      sortsNames: true,
      sizeInBytes: form.json.count + reply.answer.text.utf8.count * 9 / 8 + 256)
    writer.write(raw: start)
    writer.write(raw: Array(reply.answer.finish.rawValue.utf8))
    writer.write(raw: text)
    writer.write(string: reply.answer.text)
    writer.write(raw: key)
    writer.write(raw: form.keyText)
    writer.write(raw: request)
    writer.write(raw: form.json)
    let usageStart = writer.count
    writer.write(raw: usage)
    writer.write(raw: #"{"input":"#)
    writer.write(number: Double(reply.usage.inputTokens))
    writer.write(raw: #","output":"#)
    writer.write(number: Double(reply.usage.outputTokens))
    writer.write(raw: "}}")
    return Record(callLine: writer.bytes, usageStart: usageStart)
  }

  /// The call of a line that records this very request; nil for any other line or form, which says
  /// nothing of whether it answers the request.
  ///
  /// The request is compared as bytes, not read.
  static func call(_ found: FoundCall, to form: RequestForm) -> RecordedCall? {
    guard let end = CallLine.endOfBody(of: found.line),
      let usage = CallLine.usage(in: found.line[end...])
    else { return nil }
    return found.line[..<end].withUnsafeBytes { body in
      var rest = body[...]
      guard form.json.withUnsafeBytes({ drop($0, &rest) }), drop(request, &rest),
        form.keyText.withUnsafeBytes({ drop($0, &rest) }), drop(key, &rest), take(start, &rest),
        let quote = rest.firstIndex(of: UInt8(ascii: "\"")),
        let finish = Answer.Finish(rawValue: String(decoding: rest[..<quote], as: UTF8.self))
      else { return nil }
      rest = rest[quote...]
      guard take(text, &rest), case .string(let answer)? = json(rest) else { return nil }
      return RecordedCall(
        id: found.id, answer: Answer(text: answer, finish: finish),
        usage: Usage(inputTokens: usage.input, outputTokens: usage.output), isCached: true)
    }
  }

  private typealias Part = Slice<UnsafeRawBufferPointer>

  /// Takes away what a part ends with, if it does.
  private static func drop(_ suffix: UnsafeRawBufferPointer, _ rest: inout Part) -> Bool {
    guard isSame(rest.suffix(suffix.count), suffix) else { return false }
    rest = rest.dropLast(suffix.count)
    return true
  }

  private static func drop(_ suffix: StaticString, _ rest: inout Part) -> Bool {
    drop(bytes(suffix), &rest)
  }

  /// Takes away what a part begins with, if it does.
  private static func take(_ prefix: StaticString, _ rest: inout Part) -> Bool {
    let prefix = bytes(prefix)
    guard isSame(rest.prefix(prefix.count), prefix) else { return false }
    rest = rest.dropFirst(prefix.count)
    return true
  }

  private static func bytes(_ text: StaticString) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
  }

  private static func isSame(_ part: Part, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard part.count == bytes.count else { return false }
    guard let left = UnsafeRawBufferPointer(rebasing: part).baseAddress,
      let right = bytes.baseAddress
    else { return true }
    return memcmp(left, right, bytes.count) == 0
  }

  private static func json(_ part: Part) -> JSON? {
    UnsafeRawBufferPointer(rebasing: part).withMemoryRebound(to: UInt8.self) {
      try? JSON(parsing: $0.span)
    }
  }
}
