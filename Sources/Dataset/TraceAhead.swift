import ArtifactStore
import CanonicalJSON
import Dispatch
import Synchronization

extension TraceWalk {
  /// No descent has more records one above the other that name each other by members.
  private static let depth = 4

  /// Reads the records that a walk up will ask for, those that are named by the same ones beside each
  /// other: shards take longer than all else.
  mutating func readAhead(of root: Record) throws {
    var level = [root]
    let shards = OpenShards()
    var locations: [(kind: RecordKind, location: RecordLocation)] = try judging(root)
    for _ in 0..<Self.depth {
      for record in level { locations += try named(by: record) }
      version.store.reader.prepare(locations.map(\.location), in: shards)
      level = read(locations).filter { known.updateValue($0, forKey: $0.id) == nil }
      locations = []
      if level.isEmpty { return }
    }
  }

  /// Reads records beside each other, and what they say; those that cannot be read are asked for again.
  private mutating func read(
    _ locations: [(kind: RecordKind, location: RecordLocation)]
  ) -> [Record] {
    let found = Mutex<[Int: (record: Record, value: JSON)]>([:])
    let reader = version.store.reader
    DispatchQueue.concurrentPerform(iterations: locations.count) { number in
      let (kind, location) = locations[number]
      guard let line = try? reader.singleLine(at: location),
        let record = try? Record(kind, line: line), let value = try? record.value()
      else { return }
      found.withLock { $0[number] = (record, value) }
    }
    let all = found.withLock { $0 }.sorted { $0.key < $1.key }.map(\.value)
    for (record, value) in all { note(value, of: record) }
    return all.map(\.record)
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
    var found = try members.compactMap { member -> (kind: RecordKind, location: RecordLocation)? in
      guard let id = value[member.name]?.string.flatMap(RecordID.init(hex:)), known[id] == nil
      else { return nil }
      return try version.store.index.find(member.kind, id).first.map { ($0.kind, $0.location) }
    }
    // What is said of the drafts before.
    if record.kind == .rejections, let draft = value["sample"]?.string.flatMap(RecordID.init(hex:))
    {
      found += try links.locations(.verdicts, naming: LinkKey(.sample, draft)).map {
        (.verdicts, $0)
      }
    }
    return found
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
    if root.kind == .samples { keys.append((.verdicts, LinkKey(.sample, root.id))) }
    return try keys.flatMap { kind, key in
      try links.locations(kind, naming: key).map { (kind, $0) }
    }
  }
}
