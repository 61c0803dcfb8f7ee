import ArtifactStore
import CanonicalJSON
import Foundation

/// What statistics need to know of a call, read from its line without its texts.
package struct CallOutline: Sendable, Hashable {
  package let finish: Answer.Finish
  package let model: String
  package let task: String
  package let usage: Usage

  private static let start = Array(#"{"answer":{"finish":""#.utf8)
  private static let task = Array(#","task":""#.utf8)
  private static let model = Array(#","model":""#.utf8)

  /// Reads a line; nil when it is no call.
  package init?(_ line: ArraySlice<UInt8>) {
    if let outline = Self.quick(line) {
      self = outline
    } else {
      guard let value = try? JSON(parsing: Array(line)),
        let finish = value["answer"]?["finish"]?.string.flatMap(Answer.Finish.init(rawValue:))
      else { return nil }
      self.init(
        finish: finish, model: value["request"]?["model"]?.string ?? "",
        task: value["request"]?["task"]?.string ?? "",
        usage: Usage(
          inputTokens: value["usage"]?["input"]?.int ?? 0,
          outputTokens: value["usage"]?["output"]?.int ?? 0))
    }
  }

  private init(finish: Answer.Finish, model: String, task: String, usage: Usage) {
    self.finish = finish
    self.model = model
    self.task = task
    self.usage = usage
  }

  /// Reads the canonical form from its ends: quotation marks in texts are escaped, so that a name can
  /// stand only where it is a member, and the last ones are those of the request.
  private static func quick(_ line: ArraySlice<UInt8>) -> CallOutline? {
    guard line.starts(with: start), let end = CallLine.endOfBody(of: line),
      let finish = text(line.dropFirst(start.count)).flatMap(Answer.Finish.init(rawValue:))
    else { return nil }
    let body = line[..<end]
    guard let taskStart = lastRange(of: Self.task, in: body),
      let task = text(body[taskStart.upperBound...]),
      let modelStart = lastRange(of: Self.model, in: body[..<taskStart.lowerBound]),
      let model = text(body[modelStart.upperBound...])
    else { return nil }
    let counts = line[end...].split { !(0x30...0x39).contains($0) }
      .map { $0.reduce(0) { $0 &* 10 &+ Int($1 - 0x30) } }
    guard counts.count == 2 else { return nil }
    return CallOutline(
      finish: finish, model: model, task: task,
      usage: Usage(inputTokens: counts[0], outputTokens: counts[1]))
  }

  /// The text up to the next quotation mark; nil for one that has escapes.
  private static func text(_ bytes: ArraySlice<UInt8>) -> String? {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
    let text = bytes[..<end]
    return text.contains(UInt8(ascii: "\\")) ? nil : String(decoding: text, as: UTF8.self)
  }

  private static func lastRange(
    of needle: [UInt8], in bytes: ArraySlice<UInt8>
  ) -> Range<Int>? {
    var end = bytes.endIndex
    while end - bytes.startIndex >= needle.count {
      let start = end - needle.count
      if bytes[start] == needle[0], bytes[start..<end].elementsEqual(needle) { return start..<end }
      end -= 1
    }
    return nil
  }
}
