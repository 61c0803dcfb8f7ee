import ArtifactStore
import CanonicalJSON
import Dataset

/// What the requirement critic says of samples beside their own mix, and beside another slot's.
package struct RequirementRates: Sendable {
  /// Samples with their own mix, which should be accepted.
  package let own: AcceptanceCount
  /// Samples with a mix that they were not made for, which should be rejected.
  package let other: AcceptanceCount
  /// The rates of acceptance, and by how much the first is higher; nil when one count is empty.
  package let ownRate: Estimate?
  package let otherRate: Estimate?
  package let difference: Estimate?

  package init(own: AcceptanceCount, other: AcceptanceCount) {
    (self.own, self.other) = (own, other)
    let rates = RateDifference(own, other)
    (ownRate, otherRate, difference) = (rates?.first, rates?.second, rates?.difference)
  }
}

/// Asks the requirement critic about accepted samples again, and about swapped requirements.
struct RequirementCheck: Sendable {
  /// How many other samples are looked through for one whose mix differs most.
  private static let reach = 50

  let critic: RequirementCritic
  let sampler: MixSampler
  /// How many slots in a row share a mix.
  let instances: Int
  let workers: Int
  let progress: ProgressBoard

  /// A sample with what its critic saw.
  private struct Case: Sendable {
    let sample: JSON
    let scenario: String
    let mix: Mix
  }

  private struct Question: Sendable {
    let subject: Case
    let mix: Mix
    var isOwn: Bool { mix == subject.mix }
  }

  /// - Returns: The rates, and how many samples could not be used since their mix is not the one
  ///   that the sources give now.
  func run(
    _ samples: [JSON], in version: Version
  ) async throws -> (rates: RequirementRates, leftOut: Int) {
    let cases = try cases(samples, version)
    let questions = cases.indices.flatMap { index in
      [Question(subject: cases[index], mix: cases[index].mix)]
        + (farthest(from: index, cases).map { [Question(subject: cases[index], mix: $0)] } ?? [])
    }
    progress.start("requirements", total: questions.count)
    let verdicts = try await InOrder.map(questions, workers: workers) { question in
      defer { progress.advance() }
      let asked = try await critic.judge(
        question.subject.sample, requirements: sampler.requirements(question.mix),
        scenario: question.subject.scenario,
        draw: question.isOwn ? "calibrate own mix" : "calibrate other mix")
      return try? asked.result.get().isAccepted
    }
    var own = AcceptanceCount()
    var other = AcceptanceCount()
    for (question, verdict) in zip(questions, verdicts) {
      if question.isOwn { own.add(verdict) } else { other.add(verdict) }
    }
    return (RequirementRates(own: own, other: other), samples.count - cases.count)
  }

  private func cases(_ samples: [JSON], _ version: Version) throws -> [Case] {
    let wanted = Set(samples.compactMap { $0["meta-prompt"]?.string })
    var scenarios: [String: JSON] = [:]
    try version.forEachRecord(.metaPrompts) { record throws(StoreError) in
      if wanted.contains(record.id.hex) { scenarios[record.id.hex] = try record.value() }
    }
    return try samples.compactMap { sample in
      guard let slot = Slot(sample["slot"]), let value = sample["value"],
        let scenario = sample["meta-prompt"]?.string.flatMap({ scenarios[$0] }),
        let text = scenario["text"]?.string
      else { return nil }
      let mix = try sampler.mix(of: slot.group(instances: instances))
      guard mix.record.id.hex == scenario["mix"]?.string else { return nil }
      return Case(sample: value, scenario: text, mix: mix)
    }
  }

  /// The mix of another sample that shares the fewest nodes; nil when all are the same.
  private func farthest(from index: Int, _ cases: [Case]) -> Mix? {
    let own = Set(cases[index].mix.nodes)
    let others = (cases[(index + 1)...] + cases[..<index]).prefix(Self.reach).map(\.mix)
    let nearest = others.min { left, right in
      own.intersection(left.nodes).count < own.intersection(right.nodes).count
    }
    return nearest.flatMap { Set($0.nodes).isSubset(of: own) ? nil : $0 }
  }
}
