import ArtifactStore
import CanonicalJSON
import Foundation

/// The line of a call in the one form that this program writes: canonical JSON.
enum CallText {
  private static let start = Array(#"{"answer":{"finish":""#.utf8)
  private static let text = Array(#"","text":"#.utf8)
  private static let key = Array(#"},"key":""#.utf8)
  private static let request = Array(#"","request":"#.utf8)
  private static let usage = Array(#","usage":"#.utf8)

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
    guard let end = CallLine.endOfBody(of: found.line) else { return nil }
    var rest = found.line[..<end]
    guard rest.hasSuffix(form.json) else { return nil }
    rest = rest.dropLast(form.json.count)
    guard take(start, &rest), let quote = rest.firstIndex(of: UInt8(ascii: "\"")),
      let finish = Answer.Finish(rawValue: String(decoding: rest[..<quote], as: UTF8.self))
    else { return nil }
    rest = rest[quote...]
    guard take(text, &rest), drop(request, &rest), drop(form.keyText, &rest), drop(key, &rest),
      case .string(let answer)? = json(rest),
      let usage = CallLine.usage(in: found.line[end...])
    else { return nil }
    return RecordedCall(
      id: found.id, answer: Answer(text: answer, finish: finish),
      usage: Usage(inputTokens: usage.input, outputTokens: usage.output), isCached: true)
  }

  private static func drop(_ suffix: [UInt8], _ rest: inout ArraySlice<UInt8>) -> Bool {
    guard rest.hasSuffix(suffix) else { return false }
    rest = rest.dropLast(suffix.count)
    return true
  }

  private static func take(_ prefix: [UInt8], _ rest: inout ArraySlice<UInt8>) -> Bool {
    guard rest.starts(with: prefix) else { return false }
    rest = rest.dropFirst(prefix.count)
    return true
  }

  private static func json(_ bytes: ArraySlice<UInt8>) -> JSON? {
    try? JSON(parsing: bytes.span)
  }
}

extension ArraySlice<UInt8> {
  fileprivate func hasSuffix(_ suffix: [UInt8]) -> Bool {
    guard count >= suffix.count else { return false }
    return self.suffix(suffix.count).withUnsafeBytes { mine in
      suffix.withUnsafeBytes { theirs in
        guard let left = mine.baseAddress, let right = theirs.baseAddress else { return true }
        return memcmp(left, right, theirs.count) == 0
      }
    }
  }
}
