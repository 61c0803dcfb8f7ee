import ArtifactStore
import CanonicalJSON

/// What a sample came from, as far as it tells two versions apart.
struct SampleDescent {
  struct Prompt {
    let id: RecordID
    let attempt: Int
    let mix: RecordID?
    let call: RecordID?
    /// The meta-prompt that this one makes more complex.
    let from: RecordID?
  }

  struct Mix {
    let id: RecordID
    let strategy: NodeID?
    let nodes: [NodeID]
  }

  let sample: RecordID
  let attempt: Int
  let call: RecordID?
  let prompt: RecordID?
}

/// The records that samples of one version descend from, read together shard by shard.
struct Descents {
  private(set) var samples: [Slot: SampleDescent] = [:]
  private var prompts: [RecordID: SampleDescent.Prompt] = [:]
  private var mixes: [RecordID: SampleDescent.Mix] = [:]
  /// The last draft of an attempt that was not accepted.
  private(set) var rejections: [Place: Rejection] = [:]
  /// The drafts of rejections that the other version does not have, with their reasons.
  private(set) var reasons: [String: String] = [:]

  struct Place: Hashable {
    let slot: Slot
    let attempt: Int
  }

  struct Rejection {
    let reason: String
    let sample: String
    let prompt: RecordID?
    let call: RecordID?
  }

  /// Reads what differs.
  ///
  /// - Parameters:
  ///   - version: Whose records they are.
  ///   - slots: The slots that count.
  ///   - samples: The samples that only this version has.
  ///   - rejections: The rejections that only this version has.
  /// - Throws: ``StoreError`` when a record cannot be read.
  init(
    _ version: Version, slots: Set<Slot>, samples: [RecordID], rejections: [RecordID]
  ) throws(StoreError) {
    for record in try version.records(.samples, samples) {
      let value = try record.value()
      guard let slot = Slot(value["slot"]), slots.contains(slot) else { continue }
      self.samples[slot] = SampleDescent(
        sample: record.id, attempt: value["attempt"]?.int ?? 0, call: value.id("call"),
        prompt: value.id("meta-prompt"))
    }
    var wanted = Set(self.samples.values.compactMap(\.prompt))
    for record in try version.records(.rejections, rejections) {
      let value = try record.value()
      guard let slot = Slot(value["slot"]), slots.contains(slot) else { continue }
      let found = Rejection(
        reason: value["reason"]?.string ?? "", sample: value["sample"]?.string ?? "",
        prompt: value.id("meta-prompt"), call: value.id("call"))
      if !found.sample.isEmpty { reasons[found.sample] = found.reason }
      // A refined draft is followed by another one of the same attempt.
      guard found.reason != "refined" else { continue }
      self.rejections[Place(slot: slot, attempt: value["attempt"]?.int ?? 0)] = found
      if let prompt = found.prompt { wanted.insert(prompt) }
    }
    try readPrompts(wanted, version)
    try readPrompts(Set(prompts.values.compactMap(\.from)), version)
    for record in try version.records(.mixes, Array(Set(prompts.values.compactMap(\.mix)))) {
      let value = try record.value()
      mixes[record.id] = SampleDescent.Mix(
        id: record.id, strategy: value["strategy"]?.string.flatMap { NodeID($0) },
        nodes: value["nodes"]?.array?.compactMap { $0.string.flatMap { NodeID($0) } } ?? [])
    }
  }

  private mutating func readPrompts(_ ids: Set<RecordID>, _ version: Version) throws(StoreError) {
    for record in try version.records(.metaPrompts, Array(ids.subtracting(prompts.keys))) {
      let value = try record.value()
      prompts[record.id] = SampleDescent.Prompt(
        id: record.id, attempt: value["attempt"]?.int ?? 0, mix: value.id("mix"),
        call: value.id("call"), from: value.id("from"))
    }
  }

  func prompt(_ id: RecordID?) -> SampleDescent.Prompt? { id.flatMap { prompts[$0] } }
  func mix(of sample: SampleDescent) -> SampleDescent.Mix? {
    prompt(sample.prompt)?.mix.flatMap { mixes[$0] }
  }
}

extension JSON {
  /// A member that names a record.
  func id(_ name: String) -> RecordID? { self[name]?.string.flatMap(RecordID.init(hex:)) }
}
