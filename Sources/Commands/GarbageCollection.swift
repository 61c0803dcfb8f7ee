import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Foundation
import Git

struct GarbageCollection: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "gc",
    abstract: "Show what takes up space without being used, and remove it with --apply",
    discussion: """
      What a branch, a tag, a remote's branch or the recorded calls name is always kept. What only \
      'undo' can reach is kept until git forgets it, after 30 to 90 days. What nothing names is \
      removed once it is old enough.

      EXAMPLES
        stemma gc
        stemma gc --apply
        stemma gc --apply --older-than 0
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Flag(help: "Join packs and remove what is unused.")
  var apply = false

  @Option(
    name: .customLong("older-than"),
    help: ArgumentHelp("Remove what has been unused for so many days.", valueName: "days"))
  var days = 14

  @Flag(
    name: .customLong("forget-undo"),
    help: "Also give up what only 'undo' can reach. It cannot be brought back.")
  var forgetsUndo = false

  func validate() throws {
    if days < 0 { throw ValidationError("'--older-than \(days)' is negative") }
    if forgetsUndo, !apply { throw ValidationError("'--forget-undo' needs '--apply'") }
  }

  func run() async throws {
    let store = try dataset.store()
    let lock = try store.lock(purpose: "stemma gc")
    defer { withExtendedLifetime(lock) {} }
    let git = GitCommand(in: store.repository.commandDirectory)
    let housekeeping = Housekeeping(store)
    let before = try GarbageReport(git)
    let packs = housekeeping.packCount
    guard apply else { return write("garbage", before, packs: packs) }
    if forgetsUndo {
      try git.run(["reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all"])
    }
    try store.repository.removeLeftovers()
    try housekeeping.repack(keepingDays: days)
    if days == 0 { try git.run(["prune", "--expire=now"]) }
    try store.repository.refresh()
    let after = try GarbageReport(git)
    // The index is made anew when it is needed, without what is gone.
    if after.total < before.total { try store.index.forget() }
    write("collected", after, packs: housekeeping.packCount, before: before)
  }

  private func write(
    _ type: String, _ report: GarbageReport, packs: Int, before: GarbageReport? = nil
  ) {
    let shares = [
      ("used", report.used), ("undo", report.remembered), ("unused", report.unused),
    ]
    if form.isJSON {
      var members: [(String, JSON)] = [("packs", JSON(packs))]
      for (name, share) in shares {
        members.append(
          (
            name,
            [
              "versions": JSON(share.versions), "files": JSON(share.files),
              "bytes": JSON(share.sizeInBytes),
            ]
          ))
      }
      if let before { members.append(("freed-bytes", JSON(before.total - report.total))) }
      return Output.json(type, members)
    }
    Output.line("In use        \(report.used.text)")
    Output.line("Only by undo  \(report.remembered.text)")
    Output.line("Unused        \(report.unused.text)")
    Output.line("Packs         \(packs)")
    if let before {
      Output.line("Freed         \(ByteSize.text(before.total - report.total))")
    } else if report.unused.files + report.unused.versions > 0 || packs > 1 {
      Output.line(
        "'stemma gc --apply' joins the packs and removes what has been unused for \(days) days.")
    }
  }
}

extension GarbageReport {
  /// The bytes of all objects as they are stored.
  var total: Int { used.sizeInBytes + remembered.sizeInBytes + unused.sizeInBytes }
}
