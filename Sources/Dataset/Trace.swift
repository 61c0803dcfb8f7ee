package import ArtifactStore
package import CanonicalJSON
import Git

/// One thing in the descent of a record, with what it came from.
package struct TraceNode: Sendable {
  /// How the parent in the tree relates to this: "meta-prompt", "verdict", "call".
  package internal(set) var relation: String
  /// The record's id, a node's id, or "".
  package let id: String
  package let content: JSON
  package var causes: [TraceNode]

  package var json: JSON {
    [
      "relation": .string(relation), "id": .string(id), "content": content,
      "causes": .array(causes.map(\.json)),
    ]
  }
}

/// Walks up from something to all that it descends from.
package struct Trace {
  /// What a descent can start from.
  package enum Root: Sendable, Hashable {
    case record(Record)
    case node(NodeID)
    case strategy(NodeID)
  }

  private let version: Version
  private let lookup: RecordLookup
  private let growth: GrowthOrigins
  private let firstSeen: FirstSeen
  private let links: LiveLinks
  private let memory = TraceMemory()

  /// Looks at a version.
  ///
  /// - Parameters:
  ///   - version: Whose live records count.
  ///   - didRead: Told how many shards of how many were read, where the indexes are behind.
  /// - Throws: What reading the version throws.
  package init(
    _ version: Version, didRead: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    self.version = version
    lookup = try RecordLookup(version)
    links = try LiveLinks(version, didRead: didRead)
    growth = try GrowthOrigins(version)
    firstSeen = try FirstSeen(version)
  }

  /// The descent of the record whose id starts with some digits, or of a node or strategy.
  ///
  /// - Throws: ``StoreError`` with code `notFound`, or `ambiguous` when several are meant.
  package func run(_ text: String) throws -> TraceNode { try run(try root(text)) }

  /// What a person means by the beginning of an id, or the path or name of a node.
  package func root(_ text: String) throws -> Root {
    do throws(StoreError) {
      let record = try lookup.record(text)
      if growth.reference(beginningWith: text) != nil {
        throw StoreError(
          .ambiguous, "'\(text)' is the beginning of a record and of a taxonomy node",
          hint: "give more digits of \(record.id.hex.prefix(20)), or the node's path")
      }
      return .record(record)
    } catch {
      guard [.notFound, .refused].contains(error.code) else { throw error }
      if let named = try growth.reference(text) { return named }
      let digits = text.allSatisfy(\.isHexDigit)
      throw digits
        ? error
        : StoreError(
          .notFound, "no record, node or strategy '\(text)'",
          hint: "give the beginning of an id ('stemma list KIND'), or a node's path or name "
            + "('stemma taxonomy show')")
    }
  }

  /// The live sample whose value is that of an exported line, or the import that is that line.
  ///
  /// - Throws: ``StoreError`` with code `notFound`, or `ambiguous` when several samples have the value.
  package func root(ofLine line: String) throws -> Root {
    let line = line.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
    let imported = RecordID(kind: .imports, line: Array(line.utf8).span.bytes)
    var links = links
    if try links.isLive(.imports, imported), let record = try lookup.find(imported) {
      return .record(record)
    }
    let value: JSON
    do {
      value = try JSON(parsing: line)
    } catch {
      throw StoreError(
        .refused, "the line is neither an imported one nor JSON: \(error.message)",
        hint: "give a line as 'stemma export' writes it")
    }
    // A whole record, as 'export --records' writes it, has its value as a member.
    let values = [value, value["value"]].compactMap(\.self)
    for value in values {
      let samples = try links.records(.samples, naming: LinkKey(.value, value)).filter {
        try $0.value()["value"]?.canonicalBytes == value.canonicalBytes
      }
      if samples.count > 1 {
        throw StoreError(
          .ambiguous, "\(samples.count) samples have this value",
          hint: "trace one of them: "
            + samples.prefix(4).map { String($0.id.hex.prefix(16)) }.joined(separator: ", "))
      }
      if let sample = samples.first { return .record(sample) }
    }
    throw StoreError(
      .notFound, "no sample of this version has this value",
      hint: "look in another version with '--at', or with 'stemma list rejections'")
  }

  /// The descent of something.
  package func run(_ root: Root) throws -> TraceNode {
    var walk = TraceWalk(
      version: version, lookup: lookup, growth: growth, links: links, firstSeen: firstSeen,
      memory: memory)
    return try walk.descent(of: root)
  }
}
