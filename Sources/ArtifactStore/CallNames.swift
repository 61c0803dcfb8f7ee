import BitCollections
import CanonicalJSON
import Git

/// The recorded calls that records name: a bit a call.
package struct CallNames: Sendable {
  /// The kinds whose records name a call.
  package static let kinds: [RecordKind] = RecordKind.versioned.filter {
    $0 != .imports && $0 != .mixes
  }

  private var finder: RecordFinder
  private var ordinals = BitSet()
  /// Those that no history has: the journal's, or calls that are not here.
  private var others = Set<RecordID>()
  /// Calls that are named since they left a draft without a verdict: what the draft took is named by none.
  private(set) var unjudged = Set<RecordID>()
  private static let unjudgedReason = Array(#""reason":"unjudged""#.utf8)

  /// Starts with none.
  package init(of lines: CallLines) { finder = RecordFinder(lines.known) }

  /// The number of recorded calls that are named.
  package var count: Int { ordinals.count }

  func contains(_ ordinal: Int) -> Bool { ordinals.contains(ordinal) }
  package func contains(_ call: RecordID) -> Bool {
    finder.set.ordinal(of: call).map(ordinals.contains) ?? others.contains(call)
  }

  /// Those of the journal that are named.
  package func unsealedCount(of lines: CallLines) -> Int {
    lines.unsealed.count { others.contains($0.id) }
  }

  package mutating func insert(_ call: RecordID) {
    if let ordinal = finder.ordinal(of: call) {
      ordinals.insert(ordinal)
    } else {
      others.insert(call)
    }
  }

  mutating func insert(ordinal: Int) { ordinals.insert(ordinal) }

  /// Takes what the live records of a version name.
  package mutating func insert(namedBy version: some DatasetContent) throws(StoreError) {
    for kind in Self.kinds {
      try version.forEachRecord(kind) { (record) throws(StoreError) in
        if let call = CallMember.id(in: record.line[...]) { insert(call) }
      }
    }
  }

  /// Takes what the records of shards name, live or not.
  mutating func insert(
    namedIn shard: ObjectID, _ kind: RecordKind, _ reader: ShardReader
  ) throws(StoreError) {
    let content = try reader.artifact(shard)
    for range in try Shard.lineRanges(content) {
      guard let call = CallMember.id(in: content[range]) else { continue }
      insert(call)
      if kind == .rejections, content[range].firstRange(of: Self.unjudgedReason) != nil {
        unjudged.insert(call)
      }
    }
  }
}

/// Reads which call a record names, without reading the rest of it.
package enum CallMember {
  private static let quote = UInt8(ascii: "\"")
  private static let name = Array(#""call":""#.utf8)

  /// The call that a record's line names, or nil.
  package static func id(in line: ArraySlice<UInt8>) -> RecordID? {
    if let id = quickID(in: line) { return id }
    guard line.contains(quote), let value = try? JSON(parsing: Array(line)) else { return nil }
    return value["call"]?.string.flatMap(RecordID.init(hex:))
  }

  /// Looks where the canonical form has the member: first, or after members with plain values.
  private static func quickID(in line: ArraySlice<UInt8>) -> RecordID? {
    var rest = line.dropFirst()
    while true {
      if rest.starts(with: name) {
        let start = rest.startIndex + name.count
        let end = start + 2 * Digest.length
        guard end < rest.endIndex, rest[end] == quote else { return nil }
        return Digest(hex: rest[start..<end]).map(RecordID.init)
      }
      // `"name":` and a value without nesting, then a comma.
      guard skipString(&rest), rest.first == UInt8(ascii: ":") else { return nil }
      rest = rest.dropFirst()
      if rest.first == quote {
        guard skipString(&rest) else { return nil }
      } else {
        rest = rest.drop { (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
      }
      guard rest.first == UInt8(ascii: ",") else { return nil }
      rest = rest.dropFirst()
    }
  }

  private static func skipString(_ rest: inout ArraySlice<UInt8>) -> Bool {
    guard rest.first == quote else { return false }
    rest = rest.dropFirst()
    while let byte = rest.first {
      if byte == quote {
        rest = rest.dropFirst()
        return true
      }
      rest = rest.dropFirst(byte == UInt8(ascii: "\\") ? 2 : 1)
    }
    return false
  }
}
