import ArtifactStore
import CanonicalJSON
import Dataset

/// The live records of slots that descend from something.
struct Descendants {
  private let version: Version
  private(set) var records: [RecordKind: Set<RecordID>] = [:]

  init(of root: ImpactRoot, in version: Version) throws {
    self.version = version
    var nodes = Set<NodeID>()
    var mixes = Set<RecordID>()
    var isRoot: (RecordID) throws -> Bool = { _ in false }
    switch root {
    case .call(let id): isRoot = { $0 == id }
    case .calls(let ids): isRoot = { ids.contains($0) }
    case .run(let run):
      let ids = try RunCalls.of(run, in: version)
      isRoot = { ids.contains($0) }
    case .record(.mixes, let id): mixes = [id]
    case .node(let id):
      let sources = try Sources.decode(readFile: { path in try version.file(path) })
      let tree = sources?.taxonomy(holding: id)
      nodes = Set(
        (tree?.nodes ?? []).filter { node in
          tree?.path(to: node.id).contains { $0.id == id } ?? false
        }.map(\.id)
      ).union([id])
    case .model(let name):
      let lookup = try RecordLookup(version)
      isRoot = { try lookup.find($0)?.value()["request"]?["model"]?.string == name }
    case .template(let task):
      let lookup = try RecordLookup(version)
      isRoot = { try lookup.find($0)?.value()["request"]?["task"]?.string == task }
    default: break
    }
    try find(nodes, mixes, isRoot)
  }

  private mutating func find(
    _ nodes: Set<NodeID>, _ mixes: Set<RecordID>, _ isRoot: (RecordID) throws -> Bool
  ) throws {
    func id(_ value: JSON, _ member: String) -> RecordID? {
      value[member]?.string.flatMap(RecordID.init(hex:))
    }
    func calls(_ value: JSON) throws -> Bool { try id(value, "call").map(isRoot) ?? false }
    var gone = mixes
    for record in try version.records(.mixes) where !nodes.isEmpty {
      let named = try record.value()["nodes"]?.array ?? []
      if named.contains(where: { $0.string.flatMap { NodeID($0) }.map(nodes.contains) ?? false }) {
        records[.mixes, default: []].insert(record.id)
        gone.insert(record.id)
      }
    }
    let metaPrompts = try version.records(.metaPrompts)
    for isComplex in [false, true] {
      for record in metaPrompts {
        let value = try record.value()
        guard (value["from"] != nil) == isComplex else { continue }
        let causes = [id(value, "mix"), id(value, "from")].compactMap(\.self)
        if try causes.contains(where: gone.contains) || calls(value) {
          records[.metaPrompts, default: []].insert(record.id)
          gone.insert(record.id)
        }
      }
    }
    var judged = Set<RecordID>()
    for record in try version.records(.verdicts) {
      let value = try record.value()
      if try calls(value), let sample = id(value, "sample") { judged.insert(sample) }
    }
    for kind in [RecordKind.samples, .rejections] {
      for record in try version.records(kind) {
        let value = try record.value()
        let draft = kind == .samples ? record.id : id(value, "sample") ?? record.id
        let isFromGone = id(value, "meta-prompt").map(gone.contains) ?? false
        if try isFromGone || judged.contains(draft) || calls(value) {
          records[kind, default: []].insert(record.id)
          gone.insert(draft)
        }
      }
    }
    for record in try version.records(.verdicts) {
      let value = try record.value()
      if try id(value, "sample").map(gone.contains) ?? false || calls(value) {
        records[.verdicts, default: []].insert(record.id)
      }
    }
  }
}
