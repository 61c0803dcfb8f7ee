package import ArtifactStore
import CanonicalJSON

/// The replaced samples of two versions by why they were replaced.
package struct Replacements: Sendable {
  /// The most pairs of requests that are compared for one cause.
  private static let comparedPairs = 100

  /// In the order of the descent, those with most slots first.
  package private(set) var causes: [ReplacedSlots] = []

  /// Follows the descent of replaced samples, through records that differ and those they name.
  ///
  /// - Parameters:
  ///   - slots: The slots whose samples were replaced.
  ///   - kinds: The records that differ.
  ///   - files: The plain files that differ.
  ///   - old: The older version.
  ///   - new: The newer version.
  /// - Throws: ``StoreError`` when a record cannot be read.
  /// - Complexity: O(what differs), but for looking over all rejections once where answers differ.
  package init(
    _ slots: [Slot], _ kinds: [RecordChanges], files: [String], from old: Version, to new: Version
  ) throws(StoreError) {
    guard !slots.isEmpty else { return }
    func changes(_ kind: RecordKind) -> (added: [RecordID], removed: [RecordID]) {
      let found = kinds.first { $0.kind == kind }
      return (found?.added ?? [], found?.removed ?? [])
    }
    let places = Set(slots)
    let (samples, rejections) = (changes(.samples), changes(.rejections))
    let before = try Descents(
      old, slots: places, samples: samples.removed, rejections: rejections.removed)
    let after = try Descents(
      new, slots: places, samples: samples.added, rejections: rejections.added)
    let recipes = (try old.file("recipe.yaml"), try new.file("recipe.yaml"))
    let finder = ReplacementCauses(
      before, after, (old.readableSources, new.readableSources),
      ChangedInputs(
        RecipeDiff(from: recipes.0, to: recipes.1), files: files, recipeText: recipes.1))
    var findings: [(slot: Slot, finding: ReplacementCauses.Finding)] = []
    for slot in slots {
      if let finding = finder.find(slot) { findings.append((slot, finding)) }
    }
    let asked = Set(findings.filter(\.finding.mayShareDraft).map(\.slot))
    let refined = try Self.sharedDrafts(asked, besides: Set(rejections.added), in: new)
    var groups: [ReplacementCause: [(slot: Slot, finding: ReplacementCauses.Finding)]] = [:]
    for (slot, finding) in findings {
      var finding = finding
      let attempt = min(
        before.samples[slot]?.attempt ?? 0, after.samples[slot]?.attempt ?? 0)
      if finding.mayShareDraft, refined.contains(Descents.Place(slot: slot, attempt: attempt)) {
        finding = ReplacementCauses.Finding(
          cause: finder.decision("refined", after.samples[slot].flatMap(after.mix)))
      }
      groups[finding.cause, default: []].append((slot, finding))
    }
    let calls = try RecordLookup(new)
    for (cause, members) in groups {
      let pairs = members.map(\.finding.calls).filter { $0.0 != $0.1 }
      causes.append(
        ReplacedSlots(
          cause: cause, slots: members.map(\.slot),
          requests: pairs.isEmpty ? nil : try Self.compare(pairs, calls)))
    }
    causes.sort { left, right in
      if left.cause.step != right.cause.step { return left.cause.step < right.cause.step }
      if left.slots.count != right.slots.count { return left.slots.count > right.slots.count }
      return (left.slots.first ?? .numbered(0)) < (right.slots.first ?? .numbered(0))
    }
  }

  /// The attempts that have a refined draft in both versions.
  private static func sharedDrafts(
    _ slots: Set<Slot>, besides added: Set<RecordID>, in version: Version
  ) throws(StoreError) -> Set<Descents.Place> {
    guard !slots.isEmpty else { return [] }
    var found = Set<Descents.Place>()
    do {
      try SlotUse.forEachSlot(.rejections, in: version) { slot, line in
        guard slots.contains(slot) else { return }
        let record = try Record(.rejections, line: Array(line))
        let value = try record.value()
        guard value["reason"]?.string == "refined", !added.contains(record.id) else { return }
        found.insert(Descents.Place(slot: slot, attempt: value["attempt"]?.int ?? 0))
      }
    } catch let error as StoreError {
      throw error
    } catch {
      throw StoreError(.corrupt, "cannot read the rejections: \(error)")
    }
    return found
  }

  /// Compares requests, of many an even share.
  private static func compare(
    _ pairs: [(old: RecordID?, new: RecordID?)], _ calls: RecordLookup
  ) throws(StoreError) -> RequestDifferences {
    var result = RequestDifferences()
    let count = min(pairs.count, comparedPairs)
    for index in 0..<count {
      let (old, new) = pairs[index * pairs.count / count]
      guard let old, let new, let left = try calls.find(old)?.value()["request"]?.object,
        let right = try calls.find(new)?.value()["request"]?.object
      else {
        result.missing += 1
        continue
      }
      result.compared += 1
      let names = Set(left.names + right.names).filter { left[$0]?.text != right[$0]?.text }
      if names.isEmpty { result.same += 1 }
      for name in names { result.members[name, default: 0] += 1 }
    }
    return result
  }
}

extension Version {
  /// The sources of a version, or nil where there are none that can be read.
  var readableSources: Sources? {
    // A text that is broken tells nothing of why samples differ; the comparison of records stands.
    try? Sources.decode(readFile: { path in try file(path) })
  }

  /// The recipe of a version, or nil where it cannot be read.
  package var readableRecipe: Recipe? {
    guard let text = try? file("recipe.yaml") else { return nil }
    return try? Recipe(
      parsing: text,
      readReference: { path in try file(path).map { String(decoding: $0, as: UTF8.self) } })
  }
}
