import ArtifactStore
import CanonicalJSON
import Dataset
import Teachers

/// Grows the sources of a version again, and compares what models proposed and decided.
///
/// The text of sources is what later stages read, whoever wrote it: only the records are derived. Those
/// of later growth, beside a person's edits or under an older recipe, do not follow from the recipe
/// alone; they are compared with the answers that they name.
struct GrowthReplay: Sendable {
  private let version: Version
  private let asker: Asker
  private let progress: ProgressBoard
  /// Whether a run made the text of sources.
  private let isGrown: Bool

  init(_ version: Version, _ asker: Asker, _ progress: ProgressBoard, isGrown: Bool) {
    self.version = version
    self.asker = asker
    self.progress = progress
    self.isGrown = isGrown
  }

  func run(_ report: inout ReplayReport) async throws {
    var live: [RecordID: Record] = [:]
    for kind in GrowthRun.kinds {
      for record in try version.records(kind) { live[record.id] = record }
    }
    guard isGrown || !live.isEmpty else { return }
    let grown = Set(await grow().map(\.id))
    if live.isEmpty {
      // A run noted that models grew the text; what they said of it is gone.
      report.unchecked += grown.count
      return
    }
    let rest = live.filter { !grown.contains($0.key) }
    report.growth = rest.isEmpty ? .rederived : .compared(rest.count)
    let lookup = try RecordLookup(version)
    for record in rest.values.sorted(by: { $0.id < $1.id }) {
      if let problem = try problem(with: record, lookup) {
        report.divergence = ReplayReport.Divergence(
          place: "\(record.kind.rawValue) \(record.id.hex)", message: problem)
        return
      }
    }
    for kind in GrowthRun.kinds {
      let count = live.values.count { $0.kind == kind }
      if count > 0 { report.kinds.append(.init(kind: kind, derived: count, live: count)) }
    }
  }

  /// The records of growth from the recipe alone, as far as answers for it are here.
  private func grow() async -> [Record] {
    let log = GrowthLog()
    let growth = SourceGrowth(asker, log: log, progress: progress, scope: SourceGrowth.Scope())
    _ = try? await growth.run(until: .strategies)
    return log.records
  }

  /// What a record says that its answer does not, or nil.
  private func problem(with record: Record, _ lookup: RecordLookup) throws -> String? {
    let value = try record.value()
    guard let id = value["call"]?.string.flatMap(RecordID.init(hex:)),
      let found = try lookup.find(id)
    else { return "the call '\(value["call"]?.string ?? "")' that it names is not here" }
    if let task = value["task"]?.string, try found.value()["request"]?["task"]?.string != task {
      return "the call '\(id)' that it names is no answer to '\(task)'"
    }
    let call = try RecordedCall(found, isCached: true)
    guard let answer = try? AnswerReader.json(call.answer) else {
      return "the answer of call '\(id)' cannot be read, and yet it was used"
    }
    let isThere =
      switch record.kind {
      case .proposals:
        (try? answer.texts(answer["factors"] == nil ? "children" : "factors"))
          == value["names"]?.array?.compactMap(\.string)
      case .plans:
        value["task"]?.string == PromptTask.planStrategies.rawValue
          ? names(value, in: answer) : (try? answer.text("plan")) == value["text"]?.string
      default: decides(value, in: answer)
      }
    return isThere ? nil : "it says something else than the answer of call '\(id)'"
  }

  /// Whether an answer proposes the strategies that a plan names, but for the one that joins all.
  private func names(_ plan: JSON, in answer: JSON) -> Bool {
    let proposed = Set(
      (answer["strategies"]?.array ?? []).map {
        $0["name"]?.string.flatMap(Names.cleaned) ?? "Strategy"
      } + ["All factors"])
    // A name may itself hold what separates them.
    var rest = (plan["text"]?.string ?? "")[...]
    while !rest.isEmpty {
      let name = proposed.filter { rest == $0 || rest.hasPrefix("\($0); ") }.max {
        $0.count < $1.count
      }
      guard let name else { return false }
      rest = rest.dropFirst(name.count + 2)
    }
    return true
  }

  /// Whether an answer has the decision that an edit records.
  private func decides(_ edit: JSON, in answer: JSON) -> Bool {
    if edit["action"] == "add" {
      let target = edit["target"]?.string ?? ""
      return (answer["missing"]?.array ?? []).contains {
        $0.string == target || $0.string.flatMap(Names.cleaned) == target
      }
    }
    return (answer.object?.members ?? []).contains { member in
      (try? member.value.text("action")) == edit["action"]?.string
        && (try? member.value.text("reason")) == edit["reason"]?.string
    }
  }
}
