package import ArtifactStore
import CanonicalJSON
import Foundation
import Git
import Synchronization

/// What the nodes and strategies of a version's text are, and where they come from.
///
/// Reading the text takes longer than all else of a trace. So what it says is kept in a local file, by
/// the ids of nodes and strategies, for the version that was looked at last; without it, or where it is damaged
/// or of another version, the text is read again.
package struct GrowthOrigins {
  /// What is known of a node or a strategy.
  struct Entry {
    fileprivate let json: JSON

    var name: String { json["name"]?.string ?? "" }
    var weight: Double { json["weight"]?.double ?? 0 }
    var isPinned: Bool { json["pinned"]?.bool ?? false }
    /// Whether this is a strategy, and not a node.
    var isStrategy: Bool { json["roots"] != nil }
    /// Whether the planner made a strategy.
    var isPlanned: Bool { json["planned"]?.bool ?? false }
    var parent: NodeID? { json["parent"]?.string.flatMap { NodeID($0) } }
    /// The nodes that a strategy joins.
    var roots: [NodeID] {
      json["roots"]?.array?.compactMap { $0.string.flatMap { NodeID($0) } } ?? []
    }
    var proposals: [Maker] { makers(.proposals) }
    var edits: [Maker] { makers(.edits) }
    /// The name at birth of a node that no record names, where an older text has it and it is another one.
    var nameAtBirth: String? { json["name-at-birth"]?.string }

    private func makers(_ kind: RecordKind) -> [Maker] {
      json[kind.rawValue]?.array?.compactMap { $0.string.flatMap { Maker($0, kind) } } ?? []
    }
  }

  /// A record that a node comes from.
  struct Maker {
    let kind: RecordKind
    let id: RecordID
    /// Where it was when the file was made; it may have been moved since.
    let location: RecordLocation?

    /// Reads an id, the object of a shard and a row; or an id alone.
    fileprivate init?(_ text: String, _ kind: RecordKind) {
      let parts = text.split(separator: " ")
      guard let id = parts.first.flatMap({ RecordID(hex: String($0)) }) else { return nil }
      self.kind = kind
      self.id = id
      guard parts.count == 3, let object = ObjectID(hex: parts[1]), let row = Int(parts[2]) else {
        location = nil
        return
      }
      location = RecordLocation(object: object, row: row)
    }
  }

  private static let form = 3
  /// A tree that was read is no deeper; a damaged file may be.
  static let maximumDepth = 256

  private let version: Version
  private let file: ColumnFile?
  /// What the text says, where there is no file, or a part of it is damaged.
  private let text: Text

  private final class Text: Sendable {
    private let version: Version
    private let path: String
    private let known: Mutex<[NodeID: JSON]?>

    init(_ version: Version, path: String, known: [NodeID: JSON]?) {
      self.version = version
      self.path = path
      self.known = Mutex(known)
    }

    var entries: [NodeID: JSON] {
      known.withLock { known in
        if let known { return known }
        // The next look makes the file anew.
        unlink(path)
        let read = (try? GrowthOrigins.read(version)) ?? [:]
        known = read
        return read
      }
    }
  }

  /// Opens the file, or makes it out of the text of a version.
  package init(_ version: Version) throws {
    self.version = version
    let path = version.store.folder.appending(path: "origins").path(percentEncoded: false)
    let key = try Self.key(of: version)
    if let file = ColumnFile(path), file.columnCount == 3, file.header["key"]?.string == key,
      file.size(ofColumn: 1) == file.size(ofColumn: 0) / 2 + 4
    {
      self.file = file
      text = Text(version, path: path, known: nil)
      return
    }
    file = nil
    text = Text(version, path: path, known: try Self.read(version))
    // Whoever cannot write here reads the text each time.
    try? write(key: key, to: path)
  }

  /// What stands for the text that is read.
  private static func key(of version: Version) throws -> String {
    let names = ["factors.yaml", ArtifactPath.taxonomies, "strategies.yaml", ArtifactPath.growth]
    let ids = try names.map { name in
      "\(name) \(try version.store.repository.find(path: name, inTree: version.tree)?.id.hex ?? "")"
    }
    return ([String(form)] + ids).joined(separator: "\n")
  }

  // MARK: - Looking up

  func entry(_ id: NodeID) -> Entry? { find(id).map(Entry.init) }

  /// The node and those above it, the factor first; empty for one that is in no tree any more.
  func path(to node: NodeID) -> [(id: NodeID, entry: Entry)] {
    var path: [(id: NodeID, entry: Entry)] = []
    var next: NodeID? = node
    while let id = next, let entry = entry(id), !entry.isStrategy {
      // A file that somebody else wrote may go round in a circle.
      guard path.count < Self.maximumDepth, !path.contains(where: { $0.id == id }) else {
        return []
      }
      path.append((id, entry))
      next = entry.parent
    }
    return path.reversed()
  }

  /// All nodes by those that they are below of; factors are below of none.
  func children() -> [NodeID: [NodeID]] {
    var children: [NodeID: [NodeID]] = [:]
    for id in allIDs {
      guard let entry = entry(id), !entry.isStrategy, let parent = entry.parent else { continue }
      children[parent, default: []].append(id)
    }
    return children
  }

  private var allIDs: [NodeID] {
    let numbers = file.flatMap {
      $0.numbers(ofColumn: 0, count: $0.size(ofColumn: 0) / 8, as: UInt64.self)
    }
    return numbers.map { $0.map { NodeID($0) } } ?? Array(text.entries.keys)
  }

  private func find(_ id: NodeID) -> JSON? {
    do throws(FileDamage) {
      return try findInFile(id)
    } catch {
      return text.entries[id]
    }
  }

  /// There is no file, or it is not what was written.
  private struct FileDamage: Error {}

  private func findInFile(_ id: NodeID) throws(FileDamage) -> JSON? {
    guard let file else { throw FileDamage() }
    let count = file.size(ofColumn: 0) / 8
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      let found = try number(middle, 0, UInt64.self)
      if found < id.value { low = middle + 1 } else { high = middle }
    }
    guard low < count, try number(low, 0, UInt64.self) == id.value else { return nil }
    let (start, end) = (try number(low, 1, UInt32.self), try number(low + 1, 1, UInt32.self))
    guard start <= end, Int(end) <= file.size(ofColumn: 2),
      let bytes = file.bytes(Int(start)..<Int(end), ofColumn: 2),
      let json = try? JSON(parsing: Array(bytes))
    else { throw FileDamage() }
    return json
  }

  private func number<Number: FixedWidthInteger>(
    _ place: Int, _ column: Int, _: Number.Type
  ) throws(FileDamage) -> Number {
    let size = MemoryLayout<Number>.size
    guard let bytes = file?.bytes((place * size)..<((place + 1) * size), ofColumn: column) else {
      throw FileDamage()
    }
    return Number(littleEndian: bytes.loadUnaligned(as: Number.self))
  }

  /// The nodes and strategies whose ids begin with some digits.
  private func ids(beginningWith digits: String) -> [NodeID] {
    guard (NodeReference.minimumDigits...16).contains(digits.utf8.count),
      let first = NodeID(digits + String(repeating: "0", count: 16 - digits.utf8.count)),
      let last = NodeID(digits + String(repeating: "f", count: 16 - digits.utf8.count))
    else { return [] }
    return allIDs.filter { first <= $0 && $0 <= last }
  }

  /// The node or strategy whose id begins with some digits, or nil when none does, or several.
  func reference(beginningWith text: String) -> Trace.Root? {
    let digits = text.lowercased()
    guard digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
    let ids = ids(beginningWith: digits)
    guard ids.count == 1, let entry = entry(ids[0]) else { return nil }
    return entry.isStrategy ? .strategy(ids[0]) : .node(ids[0])
  }

  /// The node or strategy that a text means, or nil when it is none or means several.
  ///
  /// Names may look like ids; the text of the version is read for them.
  func reference(_ text: String) throws -> Trace.Root? {
    if let found = reference(beginningWith: text) { return found }
    guard let sources = try Sources.decode(readFile: { path in try version.file(path) }) else {
      return nil
    }
    let strategies = sources.strategies.filter { $0.name == text }
    if let node = try? NodeReference(sources).find(text) {
      return strategies.isEmpty ? .node(node.node.id) : nil
    }
    return strategies.count == 1 ? .strategy(strategies[0].id) : nil
  }

  // MARK: - Making

  private static func read(_ version: Version) throws -> [NodeID: JSON] {
    guard let sources = try Sources.decode(readFile: { path in try version.file(path) }) else {
      return [:]
    }
    let made = try records(version)
    let names = NodeBirth.names(
      of: sources.taxonomies.flatMap(\.nodes).filter { node in
        !["edits", "proposals"].contains { made[node.id]?[$0]?.array?.isEmpty == false }
      }, before: version)
    var entries: [NodeID: JSON] = [:]
    for node in sources.taxonomies.flatMap(\.nodes) {
      var entry: JSONObject = JSONObject([
        ("name", .string(node.name)), ("weight", .number(node.weight)),
      ])
      if let parent = node.parent { entry["parent"] = .string(parent.text) }
      if node.isPinned { entry["pinned"] = true }
      for member in ["edits", "proposals"] { entry[member] = made[node.id]?[member] }
      if let name = names[node.id] { entry["name-at-birth"] = .string(name) }
      entries[node.id] = .object(entry)
    }
    let planned = Set(try version.plannedStrategies())
    for strategy in sources.strategies {
      entries[strategy.id] = [
        "name": .string(strategy.name), "planned": .bool(planned.contains(strategy.id)),
        "roots": .array(strategy.roots.map { .string($0.text) }),
        "weight": .number(strategy.weight),
      ]
    }
    return entries
  }

  /// The proposals and edits of each node, as the version's taxonomy objects note them.
  private static func records(_ version: Version) throws -> [NodeID: JSON] {
    var made: [NodeID: JSON] = [:]
    let files = try version.store.repository.files(
      inTree: version.tree, under: ArtifactPath.taxonomies)
    for file in files where ArtifactPath(file.path)?.isShard == false {
      let object = try JSON(parsing: try version.store.reader.artifact(file.entry.id))
      for node in object["nodes"]?.array ?? [] {
        if let id = node["id"]?.string.flatMap({ NodeID($0) }) { made[id] = node }
      }
    }
    return made
  }

  private func write(key: String, to path: String) throws(StoreError) {
    try version.store.index.catchUp(tree: version.tree, kinds: [.edits, .proposals])
    let sorted = text.entries.sorted { $0.key < $1.key }
    var texts: [UInt8] = []
    var ends: [UInt32] = [0]
    for entry in sorted {
      var value = entry.value.object ?? JSONObject()
      for kind in [RecordKind.edits, .proposals] {
        if let ids = value[kind.rawValue] { value[kind.rawValue] = try places(of: ids, kind) }
      }
      texts += JSON.object(value).canonicalBytes
      ends.append(UInt32(texts.count))
    }
    var file = try ColumnFileWriter(path)
    try file.append(sorted.map(\.key.value))
    try file.endColumn()
    try file.append(ends)
    try file.endColumn()
    try file.append(texts)
    try file.endColumn()
    try file.finish(header: JSONObject([("key", .string(key))]))
  }

  /// Ids with the places of their records, which takes longer to look up than the records to read.
  private func places(of ids: JSON, _ kind: RecordKind) throws(StoreError) -> JSON {
    .array(
      try (ids.array ?? []).map { (id) throws(StoreError) in
        guard let hex = id.string, let record = RecordID(hex: hex),
          let place = try version.store.index.find(kind, record).first?.location
        else { return id }
        return .string("\(hex) \(place.object.hex) \(place.row)")
      })
  }
}
