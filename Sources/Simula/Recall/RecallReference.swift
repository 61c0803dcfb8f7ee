import ArtifactStore
package import Dataset

extension RecallFinder {
  /// What a person's words name: a model, a template, a run, a record, a call or a node.
  ///
  /// - Throws: ``StoreError`` or ``SourceEditError`` when they name nothing, or several things.
  package func root(_ text: String) throws -> ImpactRoot {
    if text.hasPrefix("model:") { return .model(String(text.dropFirst("model:".count))) }
    if let task = PromptTask.allCases.first(where: { $0.path == text || $0.rawValue == text }) {
      return .template(task.rawValue)
    }
    if text.wholeMatch(of: /[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}/) != nil { return .run(text) }
    let isHex = text.allSatisfy(\.isHexDigit) && text.count >= RecordLookup.minimumDigits
    if let sources {
      let node = Result { try NodeReference(sources).find(text).node.id }
      // What no node is may be the id of a record.
      if !isHex { return .node(try node.get()) }
      if case .success(let id) = node { return .node(id) }
    }
    if isHex, text.count == 2 * Digest.length, let key = Digest(hex: text) {
      let calls = try version.store.index.calls(key: key)
      if !calls.isEmpty { return .calls(Set(calls.map(\.id))) }
    }
    let record = try lookup.record(text)
    return record.kind == .calls ? .call(record.id) : .record(record.kind, record.id)
  }
}
