package import ArtifactStore
import CanonicalJSON
package import Dataset
import Teachers

/// Something that a person wants recalled, found in a version.
package struct RecallTarget: Sendable, Hashable {
  package let subject: Recalls.Subject
  /// What it is, in a few words.
  package let excerpt: String

  init(_ subject: Recalls.Subject, _ excerpt: String) {
    self.subject = subject
    let text = excerpt.singleSpaced
    let longest = RecallsText.excerptLength
    self.excerpt =
      text.unicodeScalars.count <= longest
      ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(longest - 1))) + "…"
  }
}

/// Finds what a person means to recall.
package struct RecallFinder {
  private let version: Version
  private let sources: Sources?
  private let lookup: RecordLookup
  /// The order of a sample's members, where the recipe has one.
  private let order: ((JSON) -> JSON)?

  package init(_ version: Version) throws {
    self.version = version
    sources = try Sources.decode(readFile: { path in try version.file(path) })
    lookup = try RecordLookup(version)
    order = (try? Snapshot(version))?.recipe.sample.memberOrder()
  }

  /// What is recalled where something is a root; a model that several providers have is several.
  ///
  /// - Throws: ``SimulaError`` for what cannot be recalled as such.
  package func targets(of root: ImpactRoot) throws -> [RecallTarget] {
    switch root {
    case .node(let id):
      let path = sources?.taxonomy(holding: id)?.path(to: id).map(\.name) ?? []
      let text = path.isEmpty ? id.text : path.joined(separator: NodeName.separator)
      return [RecallTarget(.node(id), text)]
    case .record(let kind, let id): return [try target(kind, id)]
    case .call(let id): return [try target(call: id, of: nil)]
    case .calls(let ids): return try ids.sorted().map { try target(call: $0, of: nil) }
    case .model(let name): return try models(name)
    case .template(let task):
      guard let known = PromptTask(rawValue: task), let bytes = try version.file(known.path) else {
        throw SimulaError(
          .recalled, "the version has no template '\(task)'", hint: "see the files in prompts/")
      }
      return [RecallTarget(.template(task: task, Digest(of: bytes)), known.path)]
    case .run(let id):
      // One that nobody could find again would make every later run fail.
      let count = try RunCalls(of: id, in: version).count
      return [RecallTarget(.run(id), count == 1 ? "1 call" : "\(count) calls")]
    case .strategy, .version, .stages:
      throw SimulaError(
        .recalled, "neither strategies nor stages nor versions are recalled as such",
        hint: "change strategies.yaml, go back with 'stemma rollback', or recall a run by its name")
    }
  }

  // MARK: - Records

  private func target(_ kind: RecordKind, _ id: RecordID) throws -> RecallTarget {
    if kind == .calls { return try target(call: id, of: nil) }
    guard let record = try lookup.find(id) else {
      throw StoreError(.notFound, "no record '\(id)'")
    }
    let value = try record.value()
    if kind == .mixes {
      guard let slot = Slot(value["slot"]) else {
        throw StoreError(.corrupt, "mix '\(id)' names no slot")
      }
      let names = (value["nodes"]?.array ?? []).compactMap { $0.string.flatMap { NodeID($0) } }
        .map { node in
          sources?.taxonomy(holding: node)?.find(node)?.name ?? node.text
        }
      return RecallTarget(
        .mix(id, slot), "slot \(slot): " + names.joined(separator: ", "))
    }
    guard let call = value["call"]?.string.flatMap(RecordID.init(hex:)) else {
      throw SimulaError(
        .recalled, "'\(kind.rawValue) \(id)' was made by no call",
        hint: kind == .imports ? "import the lines again without it: 'stemma import'" : nil)
    }
    return try target(call: call, of: (record, value))
  }

  private func target(
    call id: RecordID, of named: (record: Record, value: JSON)?
  ) throws -> RecallTarget {
    let call = try lookup.find(id).map { record throws(StoreError) in try record.value() }
    let task =
      call?["request"]?["task"]?.string ?? named.flatMap { Self.task($0.record.kind, $0.value) }
    let what = named.map { words($0.record.kind, $0.value) }
    let answer = call?["answer"]?["text"]?.string ?? "answer not here"
    return RecallTarget(
      .call(id, key: call?["key"]?.string.flatMap { Digest(hex: $0) }, task: task),
      what ?? "\(task ?? "call"): \((try? JSON(parsing: answer)).map(plain) ?? answer)")
  }

  /// What a record says, in words.
  private func words(_ kind: RecordKind, _ value: JSON) -> String {
    func text(_ name: String) -> String { value[name].map(plain) ?? "" }
    return switch kind {
    case .samples: "sample of slot \(text("slot")): \(text("value"))"
    case .rejections: "\(text("reason")) draft of slot \(text("slot")): \(text("value"))"
    case .verdicts: "\(text("role")), \(text("outcome")): \(text("explanation"))"
    case .metaPrompts: "meta-prompt: \(text("text"))"
    case .proposals: "proposal: \(text("names"))"
    case .edits: "edit: \(text("action")) \(text("candidate")) \(text("target"))"
    default: "\(kind.rawValue): \(text("text"))"
    }
  }

  /// A value as people read it: the members of an object by their names, and no brackets.
  private func plain(_ value: JSON) -> String {
    func short(_ value: JSON) -> String { value.string ?? value.text }
    if let object = (order?(value) ?? value).object {
      return object.members.map { "\($0.name): \(short($0.value))" }.joined(separator: ", ")
    }
    return value.array.map { $0.map(short).joined(separator: ", ") } ?? short(value)
  }

  /// The task of the call that made a record, where the call itself is not here.
  private static func task(_ kind: RecordKind, _ value: JSON) -> String? {
    switch kind {
    case .samples: PromptTask.generate.rawValue
    case .metaPrompts:
      (value["from"] == nil ? PromptTask.metaPrompts : .complexify).rawValue
    case .verdicts: value["role"]?.string
    case .proposals, .plans: value["task"]?.string
    case .edits:
      (value["factor"]?.string?.isEmpty == false ? PromptTask.reviewChildren : .reviewFactors)
        .rawValue
    default: nil
    }
  }

  // MARK: - Models

  /// A model of the recipe, or else of recorded calls.
  private func models(_ name: String) throws -> [RecallTarget] {
    let recipe = try? Snapshot(version).recipe
    var found = Set<Recalls.Subject>()
    for settings in recipe?.teachers.values.map(\.self) ?? [] {
      let model = Players.model(settings)
      if model == name || settings.model == name {
        found.insert(.model(settings.provider, model, revision: nil))
      }
    }
    if found.isEmpty, let provider = try recordedProvider(of: name) {
      found.insert(.model(provider, name, revision: nil))
    }
    guard !found.isEmpty else {
      throw SimulaError(
        .recalled, "no teacher of the recipe and no recorded call is of a model '\(name)'",
        hint: "'stemma cache stat' lists the models")
    }
    return found.compactMap { subject in
      guard case .model(let provider, let model, _) = subject else { return nil }
      return RecallTarget(subject, "\(provider.rawValue): \(model)")
    }.sorted { $0.excerpt < $1.excerpt }
  }

  /// Which provider a model has in the first recorded call of it.
  private func recordedProvider(of model: String) throws -> TeacherSettings.Provider? {
    struct Found: Error { let provider: String }
    do {
      try CallLines(version.store).forEach { line, _ in
        guard CallOutline(line)?.model == model else { return }
        throw Found(
          provider: (try? JSON(parsing: Array(line)))?["request"]?["provider"]?.string ?? "")
      }
    } catch let found as Found {
      return TeacherSettings.Provider(rawValue: found.provider)
    }
    return nil
  }
}
