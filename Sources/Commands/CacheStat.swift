import ArgumentParser
import CanonicalJSON
import Foundation
import Teachers

struct CacheStat: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "stat",
    abstract: "Count the recorded answers, by outcome, model and task",
    discussion: """
      Each call counts once, however many histories hold it: as this copy's own, else as fetched from \
      the remotes that have it. Calls in the journal are durable and not yet in git. Times are those \
      at which calls were put into git.

      EXAMPLES
        stemma cache stat
        stemma cache stat --json | jq 'select(.type == "task")'

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  func run() async throws {
    let reporter = RunReporter()
    let statistics = try CallStatistics(dataset.store()) { what, done, total in
      CountProgress.show(what, done, of: total, on: reporter)
    }
    reporter.end()
    if form.isJSON { printJSON(statistics) } else { printText(statistics) }
  }

  private func printText(_ statistics: CallStatistics) {
    line("Calls", "\(statistics.callCount) for \(Plural.text(statistics.keyCount, "request"))")
    line("Own", String(statistics.ownCount))
    for (remote, count) in statistics.fetchedCounts.sorted(by: { $0.key < $1.key }) {
      line("Fetched", "\(count) from '\(remote)'")
    }
    if statistics.keptCount > 0 {
      line("Kept", "\(statistics.keptCount) that were fetched, and that no remote has now")
    }
    if statistics.unsealedCount > 0 {
      let size = ByteSize.text(statistics.unsealedSizeInBytes)
      line("Journal", "\(statistics.unsealedCount) not yet in git, \(size)")
    }
    if statistics.droppedCount > 0 { line("Dropped", String(statistics.droppedCount)) }
    let named = [
      statistics.presentCount.map { "\($0) by the present version" },
      statistics.namedCount.map { "\($0) by any, \(statistics.callCount - $0) by none" },
    ].compactMap(\.self)
    line("Named", named.isEmpty ? "unknown" : named.joined(separator: ", "))
    let outcomes = Answer.Finish.allCases.compactMap { finish in
      statistics.finishes[finish].map { "\(finish.rawValue) \($0)" }
    }
    line("Answers", outcomes.isEmpty ? "none" : outcomes.joined(separator: ", "))
    if statistics.unreadableCount > 0 {
      line("Unreadable", Plural.text(statistics.unreadableCount, "line"))
    }
    line("Tokens", Self.tokens(statistics.total))
    line(
      "In git",
      "\(ByteSize.text(statistics.sizeInGit)) in \(Plural.text(statistics.fileCount, "file"))")
    if let times = statistics.sealedTimes {
      line("Sealed", "\(Self.time(times.lowerBound)) to \(Self.time(times.upperBound))")
    }
    printTallies("By model", statistics.models)
    printTallies("By task", statistics.tasks)
  }

  private func line(_ name: String, _ text: String) {
    Output.line(name.padding(toLength: 12, withPad: " ", startingAt: 0) + text)
  }

  private func printTallies(_ title: String, _ tallies: [String: CallStatistics.Tally]) {
    guard !tallies.isEmpty else { return }
    Output.line()
    Output.line(title)
    for (name, tally) in Self.sorted(tallies) {
      Output.line(
        "  \(Output.excerpt(name, 60)): \(Plural.text(tally.callCount, "call")), "
          + Self.tokens(tally))
    }
  }

  private static func sorted(
    _ tallies: [String: CallStatistics.Tally]
  ) -> [(key: String, value: CallStatistics.Tally)] {
    tallies.sorted { ($1.value.callCount, $0.key) < ($0.value.callCount, $1.key) }
  }

  private static func tokens(_ tally: CallStatistics.Tally) -> String {
    "\(tally.usage.inputTokens) tokens in, \(tally.usage.outputTokens) out"
  }

  private static func time(_ seconds: Int64) -> String {
    Date(timeIntervalSince1970: TimeInterval(seconds)).formatted(.iso8601)
  }

  // MARK: - For programs

  private func printJSON(_ statistics: CallStatistics) {
    func count(_ count: Int?) -> JSON { count.map { .number(Double($0)) } ?? .null }
    Output.json(
      "cache",
      [
        ("calls", count(statistics.callCount)), ("keys", count(statistics.keyCount)),
        ("own", count(statistics.ownCount)),
        ("fetched", Self.object(statistics.fetchedCounts)),
        ("kept", count(statistics.keptCount)),
        ("journal", count(statistics.unsealedCount)),
        ("journal-bytes", count(statistics.unsealedSizeInBytes)),
        ("dropped", count(statistics.droppedCount)),
        ("named-by-present", count(statistics.presentCount)),
        ("named-by-any", count(statistics.namedCount)),
        ("named-by-none", count(statistics.namedCount.map { statistics.callCount - $0 })),
        (
          "outcomes",
          Self.object(
            Dictionary(
              uniqueKeysWithValues: Answer.Finish.allCases.map {
                ($0.rawValue, statistics.finishes[$0] ?? 0)
              }))
        ),
        ("unreadable", count(statistics.unreadableCount)),
        ("input-tokens", count(statistics.total.usage.inputTokens)),
        ("output-tokens", count(statistics.total.usage.outputTokens)),
        ("bytes", count(statistics.sizeInGit)), ("files", count(statistics.fileCount)),
        ("first-sealed", statistics.sealedTimes.map { .string(Self.time($0.lowerBound)) } ?? .null),
        ("last-sealed", statistics.sealedTimes.map { .string(Self.time($0.upperBound)) } ?? .null),
      ])
    for (type, tallies) in [("model", statistics.models), ("task", statistics.tasks)] {
      for (name, tally) in Self.sorted(tallies) {
        Output.json(
          type,
          [
            ("name", .string(name)), ("calls", count(tally.callCount)),
            ("input-tokens", count(tally.usage.inputTokens)),
            ("output-tokens", count(tally.usage.outputTokens)),
          ])
      }
    }
  }

  private static func object(_ counts: [String: Int]) -> JSON {
    .object(
      JSONObject(counts.sorted { $0.key < $1.key }.map { ($0.key, .number(Double($0.value))) }))
  }
}
