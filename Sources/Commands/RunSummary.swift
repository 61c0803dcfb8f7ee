import ArtifactStore
import CanonicalJSON
import Git
import Simula
import Teachers

/// What a run came to, for people and for programs.
struct RunSummary {
  private let report: RunReport

  init(_ report: RunReport) { self.report = report }

  func print(asJSON isJSON: Bool) {
    if isJSON { printJSON() } else { printText() }
  }

  private func printText() {
    guard !report.isUpToDate else {
      Output.line(
        report.until == .samples
          ? "Nothing to do: every stage is fresh."
          : "Nothing to do: every stage up to \(report.until.rawValue) is fresh.")
      return
    }
    let counts = report.counts
    let calls = counts.asked + counts.cached
    if report.until == .samples {
      Output.line("Accepted \(report.kept) of \(report.wanted) samples.")
      if let gaps = report.gaps {
        Output.line(
          "Gaps: \(gaps.kept) of \(gaps.wanted) more samples for leaves with too few; "
            + "\(Plural.text(gaps.underCovered, "leaf", "leaves")) still "
            + "\(gaps.underCovered == 1 ? "has" : "have") fewer than asked for.")
      }
    } else if report.until >= .mixes {
      Output.line("Stopped after \(report.until.rawValue), for \(report.kept) slots.")
    } else {
      Output.line("Stopped after \(report.until.rawValue).")
    }
    Output.line(
      "Calls: \(calls), of which \(counts.asked) asked and \(counts.cached) reused from the cache"
        + (calls > 0 ? " (\(counts.cached * 100 / calls)%)." : "."))
    if counts.asked > 0 {
      Output.line(
        "Tokens: \(counts.usage.inputTokens) in, \(counts.usage.outputTokens) out.")
    }
    if report.spent.money > 0 {
      let before = report.spent.money - counts.money
      Output.line(
        "Cost: \(Money.text(counts.money)) by the recipe's prices"
          + (before > 0 ? ", \(Money.text(report.spent.money)) with earlier attempts." : "."))
    }
    let difference = report.difference
    if report.until >= .mixes {
      Output.line(
        "Records: \(difference.added) added, \(difference.revived) returned, "
          + "\(difference.removed) removed.")
    }
    if !report.rejections.isEmpty {
      let list = report.rejections.sorted {
        ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue)
      }
      .map { "\($0.value) \($0.key.rawValue)" }
      Output.line("Not accepted: \(list.joined(separator: ", ")).")
    }
    Output.line("Time: \(seconds) s.")
    for (place, version) in report.versions.enumerated() {
      let isSources = report.versions.count > 1 && place == 0
      Output.line("Version: \(version)\(isSources ? " (sources)" : "")")
    }
    if let shortfall = report.shortfall {
      Output.complain("stemma: \(shortfall)")
      Output.complain(
        "hint: 'stemma list rejections' shows why; more attempts or extra slots in recipe.yaml may "
          + "help, then run again")
    }
  }

  private func printJSON() {
    let counts = report.counts
    // Who derives nothing knows no more of slots than what they came to.
    let derives = counts.asked + counts.cached > 0 || !report.versions.isEmpty
    let rejections = report.rejections.sorted { $0.key.rawValue < $1.key.rawValue }
      .map { ($0.key.rawValue, JSON($0.value)) }
    Output.json(
      "run",
      [
        ("run", .string(report.runID)), ("up-to-date", .bool(report.isUpToDate)),
        ("versions", .array(report.versions.map { .string($0.hex) })),
        ("wanted", JSON(report.wanted)), ("kept", JSON(report.kept)),
        (
          "gaps",
          report.gaps.map {
            [
              "wanted": JSON($0.wanted), "kept": JSON($0.kept),
              "under-covered": JSON($0.underCovered),
            ]
          } ?? .null
        ), ("exhausted-slots", derives ? JSON(report.exhaustedSlots) : .null),
        ("asked", JSON(counts.asked)),
        ("cached", JSON(counts.cached)), ("input-tokens", JSON(counts.usage.inputTokens)),
        ("output-tokens", JSON(counts.usage.outputTokens)), ("money", .number(counts.money)),
        (
          "spent",
          [
            "calls": JSON(report.spent.calls), "input-tokens": JSON(report.spent.inputTokens),
            "output-tokens": JSON(report.spent.outputTokens),
            "money": .number(report.spent.money), "seconds": .number(report.spent.seconds),
          ]
        ),
        ("added", JSON(report.difference.added)), ("returned", JSON(report.difference.revived)),
        ("removed", JSON(report.difference.removed)),
        ("rejections", derives ? .object(JSONObject(rejections)) : .null),
        ("notices", .array(report.notices.map { .string($0) })),
        ("dataset-digest", report.datasetDigest.map { .string($0.hex) } ?? .null),
        ("shortfall", report.shortfall.map { .string($0) } ?? .null),
        (
          "seconds",
          [
            "all": Self.seconds(report.duration), "duplicates": Self.seconds(report.duplicateTime),
          ]
        ),
      ])
  }

  /// To the millisecond.
  private static func seconds(_ time: Duration) -> JSON {
    .number((time / .milliseconds(1)).rounded() / 1000)
  }

  private var seconds: String {
    let parts = report.duration.components
    let tenths = (parts.seconds * 10 + parts.attoseconds / 100_000_000_000_000_000)
    return "\(tenths / 10).\(tenths % 10)"
  }
}
