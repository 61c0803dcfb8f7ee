import ArtifactStore
import CanonicalJSON
import Dataset
import Simula
import Testing

extension Lab {
  /// Recalls what some words name.
  @discardableResult
  func recall(_ texts: String..., reason: String? = nil) throws -> RecallEffect {
    let lock = try store.lock(purpose: "test")
    defer { withExtendedLifetime(lock) {} }
    let base = try head()
    let finder = try RecallFinder(base)
    let reference = try ImpactReference(base, tasks: PromptTask.allCases.map(\.rawValue))
    let run = try RecallRun(store)
    let targets = try texts.flatMap { try finder.targets(of: reference.find($0).root) }
    let effect = try RecallEffect(of: targets, in: base, run.recalls())
    let version = try run.apply(effect, to: base, reason: reason)
    #expect((version == nil) == (effect.targets.isEmpty && effect.recordCount == 0))
    return effect
  }

  var recalls: Recalls {
    get throws { try RecallsText.decode(Array(try read(Recalls.path).utf8)) }
  }

  /// Makes sure that no live record was made with what is recalled.
  func expectNothingRecalled(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let recalls = try recalls
    var calls = Set<String>()
    for entry in recalls.entries {
      if case .call(let id, _, _) = entry.subject { calls.insert(id.hex) }
    }
    for kind in [
      RecordKind.proposals, .edits, .plans, .metaPrompts, .samples, .rejections, .verdicts,
    ] {
      for record in try records(kind) where calls.contains(record["call"]?.string ?? "") {
        #expect(
          kind == .rejections && record["reason"] == "recalled", "\(kind.rawValue): \(record.text)",
          sourceLocation: sourceLocation)
      }
    }
    let drawn = try sources?.without(recalls.nodes).taxonomies.flatMap(\.nodes).map(\.id.text) ?? []
    let known = Set(drawn)
    for record in try head().records(.mixes) {
      let mix = try record.value()
      let nodes = mix["nodes"]?.array?.compactMap(\.string) ?? []
      #expect(known.isSuperset(of: nodes), "\(mix.text)", sourceLocation: sourceLocation)
      let slot = try #require(Slot(mix["slot"]))
      #expect(
        recalls.mixes[slot]?.contains(record.id) != true, sourceLocation: sourceLocation)
    }
  }
}
