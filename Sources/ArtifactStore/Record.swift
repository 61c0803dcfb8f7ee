package import CanonicalJSON
import Foundation

/// What a record is; the raw value is the folder of its shards.
package enum RecordKind: String, Sendable, CaseIterable {
  case proposals, edits, plans, mixes
  case metaPrompts = "meta-prompts"
  case samples, rejections, verdicts, calls, tombstones
  /// Lines that came from elsewhere, taken as they are.
  case imports

  /// The version of the members of this kind of record.
  package static let schemaVersion = "1"

  /// The kinds whose records live in a version's tree, tombstones aside.
  package static let versioned = allCases.filter { $0 != .calls && $0 != .tombstones }

  /// Starts an id of this kind with what stands before a line.
  fileprivate func startIdentity(_ hasher: inout Hasher256) {
    hasher.update(rawValue)
    hasher.update(Self.identitySeparator)
  }
  private static let identitySeparator = "\0\(schemaVersion)\0"

  var code: UInt8 { UInt8(Self.allCases.firstIndex(of: self) ?? 0) }
  init?(code: UInt8) {
    guard Int(code) < Self.allCases.count else { return nil }
    self = Self.allCases[Int(code)]
  }
}

/// The identity of a record: the hash of its kind, schema version and line.
package struct RecordID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package let digest: Digest

  package init(digest: Digest) { self.digest = digest }
  package init?(hex: some StringProtocol) {
    guard let digest = Digest(hex: hex) else { return nil }
    self.digest = digest
  }

  /// Hashes a line of a kind, for calls without what they were measured to cost.
  package init(kind: RecordKind, line: RawSpan) {
    var hasher = Hasher256()
    kind.startIdentity(&hasher)
    line.withUnsafeBytes { hasher.update($0) }
    digest = hasher.finish()
  }

  /// Hashes what stands before the usage of a call, closed as an object of its own.
  init(callBody: ArraySlice<UInt8>) {
    var hasher = Hasher256()
    RecordKind.calls.startIdentity(&hasher)
    callBody.withUnsafeBytes { hasher.update($0) }
    hasher.update("}")
    digest = hasher.finish()
  }

  package var hex: String { digest.hex }
  package var description: String { digest.hex }
  package static func < (left: RecordID, right: RecordID) -> Bool { left.digest < right.digest }
}

/// One line of canonical JSON with its identity.
package struct Record: Sendable, Hashable {
  package let kind: RecordKind
  package let id: RecordID
  /// Canonical JSON without a line feed.
  package let line: [UInt8]

  package init(_ kind: RecordKind, _ value: JSON) {
    self.kind = kind
    line = value.canonicalBytes
    id = Record.identity(kind: kind, line: line, value: value)
  }

  /// Takes a line as a shard holds it.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` when a call's line is not JSON.
  package init(_ kind: RecordKind, line: [UInt8]) throws(StoreError) {
    self.kind = kind
    self.line = line
    if kind == .calls, let end = CallLine.endOfBody(of: line) {
      id = RecordID(callBody: line[..<end])
    } else if kind == .calls {
      do {
        id = Record.identity(kind: kind, line: line, value: try JSON(parsing: line))
      } catch {
        throw StoreError(.corrupt, "a call's line is not JSON: \(error.message)")
      }
    } else {
      id = RecordID(kind: kind, line: line.span.bytes)
    }
  }

  /// Takes the canonical line of a call, of which it is known where its usage stands.
  package init(callLine line: [UInt8], usageStart: Int) {
    kind = .calls
    self.line = line
    id = RecordID(callBody: line[..<usageStart])
  }

  /// Takes the line of a record whose id an index made of it.
  init(_ kind: RecordKind, line: [UInt8], id: RecordID) {
    self.kind = kind
    self.line = line
    self.id = id
  }

  private static func identity(kind: RecordKind, line: [UInt8], value: JSON) -> RecordID {
    guard kind == .calls, var object = value.object else {
      return RecordID(kind: kind, line: line.span.bytes)
    }
    if let end = CallLine.endOfBody(of: line) { return RecordID(callBody: line[..<end]) }
    object["usage"] = nil
    return RecordID(kind: kind, line: JSON.object(object).canonicalBytes.span.bytes)
  }

  /// The record's members; an imported line that is no JSON is a string.
  package func value() throws(StoreError) -> JSON {
    if kind == .imports {
      return (try? JSON(parsing: line)) ?? .string(String(decoding: line, as: UTF8.self))
    }
    do {
      return try JSON(parsing: line)
    } catch {
      throw StoreError(
        .corrupt, "record '\(id)' of \(kind.rawValue) is not JSON: \(error.message)")
    }
  }
}

/// The line of a call, of which the usage comes last.
package enum CallLine {
  private static let start: StaticString = #"{"answer":"#
  private static let usage: StaticString = #","usage":{"input":"#
  private static let output: StaticString = #","output":"#
  /// Two counts with their names take no more.
  private static let longestTail = 80

  /// Where the usage begins, which the id does not cover; nil for a line that has another form.
  ///
  /// Quotation marks in texts are escaped, so that the name can stand only where it is a member.
  package static func endOfBody(of line: [UInt8]) -> Int? { endOfBody(of: line[...]) }

  /// Where the usage begins in a part of other bytes, as a place in these.
  package static func endOfBody(of line: ArraySlice<UInt8>) -> Int? {
    guard line.starts(with: start.utf8) else { return nil }
    let from = max(line.startIndex + start.utf8.count, line.endIndex - longestTail)
    guard let place = line[from...].firstRange(of: usage.utf8) else { return nil }
    return counts(in: line[place.upperBound...]) == nil ? nil : place.lowerBound
  }

  /// The model that a call was asked of and the task, in canonical JSON; nil for a line of another form.
  package static func modelAndTask(
    of line: ArraySlice<UInt8>
  ) -> (model: ArraySlice<UInt8>, task: ArraySlice<UInt8>)? {
    line.withUnsafeBytes { bytes in
      var members = MemberScanner(bytes)
      while let member = members.next() {
        guard bytes[member.name].elementsEqual("request".utf8) else { continue }
        let start = member.value.lowerBound
        var request = MemberScanner(UnsafeRawBufferPointer(rebasing: bytes[member.value]))
        var (model, task): (Range<Int>?, Range<Int>?)
        while let member = request.next() {
          let name = bytes[(start + member.name.lowerBound)..<(start + member.name.upperBound)]
          if name.elementsEqual("model".utf8) { model = member.value }
          if name.elementsEqual("task".utf8) { task = member.value }
        }
        guard let model, let task else { return nil }
        let base = line.startIndex + start
        return (
          line[(base + model.lowerBound)..<(base + model.upperBound)],
          line[(base + task.lowerBound)..<(base + task.upperBound)]
        )
      }
      return nil
    }
  }

  /// The tokens of a usage, which begins where ``endOfBody(of:)`` says.
  package static func usage(in rest: ArraySlice<UInt8>) -> (input: Int, output: Int)? {
    counts(in: rest.dropFirst(usage.utf8.count))
  }

  private static func counts(in rest: ArraySlice<UInt8>) -> (input: Int, output: Int)? {
    var rest = rest
    guard let input = takeCount(&rest), rest.starts(with: output.utf8) else { return nil }
    rest = rest.dropFirst(output.utf8.count)
    guard let output = takeCount(&rest), rest.elementsEqual("}}".utf8) else { return nil }
    return (input, output)
  }

  private static func takeCount(_ rest: inout ArraySlice<UInt8>) -> Int? {
    let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    rest = rest.dropFirst(digits.count)
    guard digits.count > 0, digits.count < 17, digits.count == 1 || digits.first != 0x30 else {
      return nil
    }
    return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
  }
}

extension ArraySlice<UInt8> {
  /// Where some bytes first stand, or nil.
  func firstRange(of needle: [UInt8]) -> Range<Int>? {
    needle.withUnsafeBytes { firstRange(of: $0) }
  }

  fileprivate func firstRange(of needle: UnsafeRawBufferPointer) -> Range<Int>? {
    let place = withUnsafeBytes { $0.firstPlace(of: needle) }
    return place.map { (startIndex + $0)..<(startIndex + $0 + needle.count) }
  }
}

extension StaticString {
  fileprivate var utf8: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
  }
}

extension UnsafeRawBufferPointer {
  /// Where some bytes, at least one, first stand.
  fileprivate func firstPlace(of needle: UnsafeRawBufferPointer) -> Int? {
    guard let bytes = baseAddress, let first = needle.baseAddress, needle.count > 0 else {
      return nil
    }
    var place = 0
    while place + needle.count <= count {
      let room = count - needle.count + 1 - place
      guard let found = memchr(bytes + place, Int32(needle[0]), room) else { return nil }
      place = UnsafeRawPointer(found) - bytes
      if memcmp(bytes + place, first, needle.count) == 0 { return place }
      place += 1
    }
    return nil
  }
}
