import ArtifactStore
import CanonicalJSON

extension TraceWalk {
  /// No descent has more records one above the other that name each other by members.
  private static let depth = 4

  /// Reads the records that a walk up will ask for, those that are named by the same ones beside each
  /// other: shards take longer than all else.
  mutating func readAhead(of root: Record) throws {
    var level = [root]
    var locations: [(kind: RecordKind, location: RecordLocation)] = try judging(root)
    for _ in 0..<Self.depth {
      for record in level { locations += try named(by: record) }
      let store = version.store
      store.reader.prepare(locations.map(\.location))
      level = try locations.compactMap { kind, location throws(StoreError) in
        guard let line = try? store.reader.singleLine(at: location) else { return nil }
        let record = try Record(kind, line: line)
        return known.updateValue(record, forKey: record.id) == nil ? record : nil
      }
      locations = []
      if level.isEmpty { return }
    }
  }

  /// Where the records are that one names.
  private mutating func named(
    by record: Record
  ) throws -> [(kind: RecordKind, location: RecordLocation)] {
    guard record.kind != .imports, record.kind != .calls else { return [] }
    let value = try parsed(record)
    let members: [(name: String, kind: RecordKind)] = [
      ("from", .metaPrompts), ("meta-prompt", .metaPrompts), ("mix", .mixes), ("call", .calls),
    ]
    return try members.compactMap { member in
      guard let id = value[member.name]?.string.flatMap(RecordID.init(hex:)), known[id] == nil
      else { return nil }
      return try version.store.index.find(member.kind, id).first.map { ($0.kind, $0.location) }
    }
  }

  /// Where the verdicts on a draft are, and the other drafts of its slot.
  private mutating func judging(
    _ root: Record
  ) throws -> [(kind: RecordKind, location: RecordLocation)] {
    guard [.samples, .rejections].contains(root.kind) else { return [] }
    let value = try parsed(root)
    var keys: [(kind: RecordKind, key: LinkKey)] = []
    if let slot = Slot(value["slot"]) { keys.append((.rejections, LinkKey(.slot, slot.json))) }
    if let metaPrompt = value["meta-prompt"]?.string.flatMap(RecordID.init(hex:)) {
      keys.append((.rejections, LinkKey(.metaPrompt, metaPrompt)))
      keys.append((.samples, LinkKey(.metaPrompt, metaPrompt)))
    }
    let draft =
      root.kind == .samples ? root.id : value["sample"]?.string.flatMap(RecordID.init(hex:))
    if let draft { keys.append((.verdicts, LinkKey(.sample, draft))) }
    return try keys.flatMap { kind, key in
      try links.locations(kind, naming: key).map { (kind, $0) }
    }
  }
}
