import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Foundation
import Git

struct Log: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "log",
    abstract: "List the versions of a dataset, newest first",
    discussion: """
      Each line shows the version, when it was made, how many records it has, of how many wanted, and \
      how many calls its run asked.

      EXAMPLES
        stemma log
        stemma log -n 5 --json
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Option(name: [.customShort("n"), .long], help: "The most versions to list.")
  var limit = 50

  @Argument(help: "Where to start.")
  var revision = "HEAD"

  func validate() throws {
    if limit < 1 { throw ValidationError("'--limit \(limit)' must be at least 1") }
  }

  func run() async throws {
    let store = try dataset.store()
    let start = try store.version(revision)
    var totals = KnownTotals()
    for commit in try store.repository.history(from: [start.commit.id], limit: limit) {
      let version = try store.version(commit.id)
      let counts = try totals.counts(of: version)
      if form.isJSON { printJSON(version, counts) } else { printText(version, counts) }
    }
  }

  private func printText(_ version: Version, _ totals: [RecordKind: Int]) {
    let memos = version.memos
    var parts = [
      Output.shortID(version.commit.id.hex), Dates.text(version.commit.author),
      version.title.padding(toLength: max(32, version.title.count), withPad: " ", startingAt: 0),
    ]
    if let samples = memos["Samples"] {
      parts.append("\(samples) samples")
    } else if let count = totals[.samples] {
      parts.append("\(count) samples")
    }
    if let count = totals[.imports] { parts.append("\(count) imports") }
    if memos["Rolled-Back-To"] == nil, let calls = memos["Calls"], let cached = memos["Cached"] {
      parts.append("\(calls) asked, \(cached) cached")
    }
    if memos["Partial"] != nil { parts.append("partial") }
    // Below the date.
    Columns.line(parts, indent: String(repeating: " ", count: 14))
  }

  private func printJSON(_ version: Version, _ totals: [RecordKind: Int]) {
    let memos = version.memos
    Output.json(
      "version",
      [
        ("version", .string(version.commit.id.hex)), ("title", .string(version.title)),
        ("time", JSON(Int(version.commit.author.time))),
        ("author", .string(version.commit.author.name)),
        (
          "records",
          .object(
            JSONObject(
              totals.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { ($0.key.rawValue, JSON($0.value)) }))
        ),
        (
          "memos",
          .object(
            JSONObject(
              memos.entries.filter { $0.name != "Stage" }.map { ($0.name, .string($0.value)) }))
        ),
      ])
  }
}

/// Totals that are counted once for all versions with the same records.
private struct KnownTotals {
  private var known: [[ObjectID?]: [RecordKind: Int]] = [:]

  mutating func counts(of version: Version) throws -> [RecordKind: Int] {
    var folders: [ObjectID?] = []
    for kind in RecordKind.versioned + [.tombstones] {
      folders.append(try version.folder(kind.rawValue))
    }
    if let counts = known[folders] { return counts }
    let counts = try version.totals()
    known[folders] = counts
    return counts
  }
}

extension Version {
  /// The first line of the message.
  var title: String { String(commit.message.prefix { $0 != "\n" }) }
}

/// Points in time as people read them.
enum Dates {
  static func text(_ signature: Signature) -> String {
    minutes(signature.time + Int64(signature.offsetMinutes) * 60)
  }

  /// A time in seconds since 1970, of which it is not known where it was taken.
  static func text(_ time: Int64) -> String {
    minutes(time) + " UTC"
  }

  /// The time on a clock that shows universal time.
  private static func minutes(_ seconds: Int64) -> String {
    var (time, parts) = (time_t(seconds), tm())
    guard gmtime_r(&time, &parts) != nil else { return "second \(seconds)" }
    func twoDigits(_ number: Int32) -> String { (number < 10 ? "0" : "") + String(number) }
    let year = String(Int(parts.tm_year) + 1900)
    return String(repeating: "0", count: max(0, 4 - year.count)) + year
      + "-\(twoDigits(parts.tm_mon + 1))-\(twoDigits(parts.tm_mday))"
      + " \(twoDigits(parts.tm_hour)):\(twoDigits(parts.tm_min))"
  }
}
