import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation

struct Diff: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two versions record by record",
    discussion: """
      A slot whose sample was replaced counts as one that is removed and one that is added; imported \
      records are paired by their key. A flip is a draft on which the two versions decide differently.

      EXAMPLES
        stemma diff HEAD~1
        stemma diff v1 v2 --stat
        stemma diff v1 v2 --json
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Flag(name: .customLong("stat"), help: "Print only how many records of each kind differ.")
  var isShort = false

  @Argument(help: "The older version.")
  var old = "HEAD~1"

  @Argument(help: "The newer version.")
  var new = "HEAD"

  func run() async throws {
    let store = try dataset.store()
    let diff = try VersionDiff(from: try store.version(old), to: try store.version(new))
    if form.isJSON {
      try printJSON(diff)
    } else {
      try printText(diff)
    }
  }

  private func printText(_ diff: VersionDiff) throws {
    if !isShort {
      for file in diff.files { Output.line("changed  \(file)") }
    }
    for kind in diff.kinds {
      let name = kind.kind.rawValue.padding(toLength: 14, withPad: " ", startingAt: 0)
      Output.line(
        "\(name)\(kind.added.count - kind.changed.count) added, "
          + "\(kind.removed.count - kind.changed.count) removed, "
          + (kind.changed.isEmpty ? "" : "\(kind.changed.count) changed, ")
          + "\(try diff.commonCount(kind)) the same")
    }
    if isShort { return }
    let slots = [
      ("replaced", diff.changedSlots), ("new", diff.addedSlots), ("gone", diff.removedSlots),
    ]
    for (name, numbers) in slots where !numbers.isEmpty {
      let some = numbers.prefix(12).map(\.description).joined(separator: ", ")
      Output.line(
        "samples \(name) in \(Plural.text(numbers.count, "slot")): \(some)\(numbers.count > 12 ? ", …" : "")"
      )
    }
    for branch in diff.branches {
      Output.line("branch  \(branch.name): \(branch.added) added, \(branch.removed) removed")
    }
    let flips = diff.flips
    if !flips.isEmpty {
      Output.line(
        "flips   \(flips.rejected) from kept to rejected, \(flips.accepted) from rejected to kept, "
          + "\(flips.outcomes) other outcomes of a critic")
    }
    if diff.files.isEmpty, diff.kinds.isEmpty {
      Output.line("The two versions hold the same.")
    }
  }

  private func printJSON(_ diff: VersionDiff) throws {
    func ids(_ ids: [RecordID]) -> JSON {
      isShort ? JSON(ids.count) : .array(ids.map { .string($0.hex) })
    }
    for kind in diff.kinds {
      Output.json(
        "kind",
        [
          ("kind", .string(kind.kind.rawValue)), ("same", JSON(try diff.commonCount(kind))),
          ("added", ids(kind.added)), ("removed", ids(kind.removed)),
          (
            "changed",
            isShort
              ? JSON(kind.changed.count)
              : .array(
                kind.changed.map { ["old": .string($0.old.hex), "new": .string($0.new.hex)] })
          ),
        ])
    }
    if isShort { return }
    func numbers(_ slots: [Slot]) -> JSON { .array(slots.map(\.json)) }
    Output.json(
      "summary",
      [
        ("files", .array(diff.files.map { .string($0) })),
        ("replaced-slots", numbers(diff.changedSlots)), ("new-slots", numbers(diff.addedSlots)),
        ("gone-slots", numbers(diff.removedSlots)),
        (
          "branches",
          .array(
            diff.branches.map {
              [
                "name": .string($0.name), "added": JSON($0.added), "removed": JSON($0.removed),
              ]
            })
        ),
        (
          "flips",
          [
            "rejected": JSON(diff.flips.rejected), "accepted": JSON(diff.flips.accepted),
            "outcomes": JSON(diff.flips.outcomes),
          ]
        ),
      ])
  }
}
