package import ArtifactStore
import CanonicalJSON
import Git

/// Finds what a person means whose impact is asked for.
///
/// `node:`, `strategy:`, `record:`, `call:`, `model:`, `prompt:`, `run:` and `version:` say what follows;
/// without one of them it is what it can be, and more than one thing is an error.
package struct ImpactReference {
  /// A root with what to call it.
  package struct Found: Sendable, Hashable {
    package let root: ImpactRoot
    /// What it is, such as `node`.
    package let kind: String
    /// Its id or name in full.
    package let name: String

    package init(_ root: ImpactRoot, kind: String, name: String) {
      self.root = root
      self.kind = kind
      self.name = name
    }
  }

  private static let minimumRunLength = 4
  /// So many of several things that a text could mean are named.
  private static let shownCount = 4

  private let version: Version
  private let tasks: [String]
  private let origins: GrowthOrigins
  private let didRead: (_ done: Int, _ total: Int) -> Void

  /// - Parameters:
  ///   - version: Where to look.
  ///   - tasks: The names of prompts.
  ///   - didRead: Told how many shards of how many were read, where every call has to be.
  /// - Throws: What reading the version's nodes and strategies throws.
  package init(
    _ version: Version, tasks: [String],
    didRead: @escaping (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws {
    self.version = version
    self.didRead = didRead
    self.tasks = tasks
    origins = try GrowthOrigins(version)
  }

  /// What a text means.
  ///
  /// - Throws: ``StoreError`` with code `notFound` for nothing, `ambiguous` for several things, and
  ///   ``SourceEditError`` for a node that is none.
  package func find(_ text: String) throws -> Found {
    let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2, let found = try find(String(parts[1]), as: String(parts[0])) {
      return found
    }
    if let task = task(text) { return task }
    var found = try records(text) + calls(withKey: text) + sourcesParts(text) + runs(text)
    if found.isEmpty { found = try versions(text) }
    if found.isEmpty, let model = try model(text) { return model }
    if found.count > 1 {
      throw StoreError(
        .ambiguous, "'\(text)' means \(found.count) things",
        hint: "give more digits, or say which: "
          + Self.some(found.map { "\($0.kind):\($0.name.prefix(20))" }))
    }
    guard let only = found.first else {
      throw StoreError(
        .notFound, "there is no '\(text)' to ask the impact of",
        hint: "give an id, a node's path, a prompt, a model, a run, a version, or recipe.yaml:LINE")
    }
    return only
  }

  private func find(_ text: String, as kind: String) throws -> Found? {
    func only(_ found: [Found], _ hint: String) throws -> Found {
      guard found.count <= 1 else {
        throw StoreError(
          .ambiguous, "'\(text)' is the beginning of \(found.count)",
          hint: "give more: " + Self.some(found.map(\.name)))
      }
      guard let only = found.first else {
        throw StoreError(.notFound, "there is no \(kind) '\(text)'", hint: hint)
      }
      return only
    }
    switch kind {
    case "node":
      let sources = try Sources.decode(readFile: { path in try version.file(path) })
      let node = try NodeReference(sources ?? Sources(taxonomies: [], strategies: [])).find(text)
      return found(node.node.id)
    case "strategy":
      return try only(
        sourcesParts(text).filter { $0.kind == kind }, "strategies.yaml shows names and ids")
    case "record": return try only(records(text), "'stemma list KIND' shows ids")
    case "call":
      let calls = try records(text).filter { $0.kind == "call" }
      return try only(calls.isEmpty ? self.calls(withKey: text) : calls, "'stemma list calls'")
    case "model":
      return try only([model(text)].compactMap(\.self), "'stemma cache stat' shows models")
    case "prompt": return try only([task(text)].compactMap(\.self), "'prompts/' holds them")
    case "run": return try only(runs(text), "'stemma log' shows runs")
    case "version": return try only(versions(text), "'stemma log' shows versions")
    default: return nil
    }
  }

  private func task(_ text: String) -> Found? {
    let name = tasks.first {
      text == $0 || text == "prompts/\($0).mustache" || text == "\($0).mustache"
    }
    return name.map { Found(.template($0), kind: "prompt", name: $0) }
  }

  private func records(_ text: String) throws -> [Found] {
    guard Self.isDigits(text) else { return [] }
    do throws(StoreError) {
      let record = try RecordLookup(version).record(text)
      return record.kind == .calls
        ? [Found(.call(record.id), kind: "call", name: record.id.hex)]
        : [Found(.record(record.kind, record.id), kind: "record", name: record.id.hex)]
    } catch {
      guard error.code == .notFound else { throw error }
      return []
    }
  }

  private func calls(withKey text: String) throws -> [Found] {
    guard Self.isDigits(text), text.utf8.count <= 2 * Digest.length else { return [] }
    let start = try DigestPrefix(
      text, minimumDigits: RecordLookup.minimumDigits, of: "a key", hint: "")
    var calls: [Digest: Set<RecordID>] = [:]
    for call in try version.store.index.calls(keyPrefix: start.bytes)
    where start.isBeginning(of: call.key) {
      calls[call.key, default: []].insert(call.id)
    }
    return calls.map { Found(.calls($0.value), kind: "call", name: $0.key.hex) }
  }

  private func sourcesParts(_ text: String) throws -> [Found] {
    switch try origins.reference(text) {
    case .node(let id): [found(id)]
    case .strategy(let id):
      [Found(.strategy(id), kind: "strategy", name: origins.entry(id)?.name ?? id.text)]
    case .record, nil: []
    }
  }

  private func found(_ node: NodeID) -> Found {
    let path = origins.path(to: node).map(\.entry.name).joined(separator: " > ")
    return Found(.node(node), kind: "node", name: path.isEmpty ? node.text : path)
  }

  private func runs(_ text: String) throws -> [Found] {
    guard text.utf8.count >= Self.minimumRunLength else { return [] }
    let ids = try version.history().compactMap { Trailers(message: $0.message)["Run-Id"] }
    return Set(ids.filter { $0.hasPrefix(text) }).sorted()
      .map { Found(.run($0), kind: "run", name: $0) }
  }

  private func versions(_ text: String) throws -> [Found] {
    guard let found = try? version.store.version(text) else { return [] }
    guard try version.history().contains(where: { $0.id == found.commit.id }) else {
      throw StoreError(
        .notFound, "version '\(text)' is not in the history of the one that is looked at",
        hint: "name one that descends from it with '--at'")
    }
    return [Found(.version(found.commit.id), kind: "version", name: found.commit.id.hex)]
  }

  /// A recorded model; every call is looked at.
  private func model(_ text: String) throws -> Found? {
    let models = try Impact(version, didRead: didRead).models()
    let found = models.contains(text) ? [text] : models.filter { $0.hasPrefix(text) }.sorted()
    guard found.count <= 1 else {
      throw StoreError(
        .ambiguous, "'\(text)' is the beginning of \(found.count) models",
        hint: "give one of them: " + Self.some(found))
    }
    return found.first.map { Found(.model($0), kind: "model", name: $0) }
  }

  /// The first of several names, and how many are left out.
  private static func some(_ names: [String]) -> String {
    let more = names.count - shownCount
    return names.prefix(shownCount).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
  }

  private static func isDigits(_ text: String) -> Bool {
    text.utf8.count >= RecordLookup.minimumDigits && text.allSatisfy { $0.isASCII && $0.isHexDigit }
  }
}
