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
      EXAMPLES
        stemma diff HEAD~1
        stemma diff v1 v2 --json
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

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
    for file in diff.files { Output.line("changed  \(file)") }
    for kind in diff.kinds {
      let name = kind.kind.rawValue.padding(toLength: 14, withPad: " ", startingAt: 0)
      Output.line(
        "\(name)\(kind.added.count - kind.changed.count) added, "
          + "\(kind.removed.count - kind.changed.count) removed, "
          + (kind.changed.isEmpty ? "" : "\(kind.changed.count) changed, ")
          + "\(try diff.commonCount(kind)) the same")
    }
    let slots = [
      ("replaced", diff.changedSlots), ("new", diff.addedSlots), ("gone", diff.removedSlots),
    ]
    for (name, numbers) in slots where !numbers.isEmpty {
      let some = numbers.prefix(12).map(String.init).joined(separator: ", ")
      Output.line(
        "samples \(name) in \(Plural.text(numbers.count, "slot")): \(some)\(numbers.count > 12 ? ", …" : "")"
      )
    }
    if diff.files.isEmpty, diff.kinds.isEmpty {
      Output.line("The two versions hold the same.")
    }
  }

  private func printJSON(_ diff: VersionDiff) throws {
    func ids(_ ids: [RecordID]) -> JSON { .array(ids.map { .string($0.hex) }) }
    for kind in diff.kinds {
      Output.json(
        "kind",
        [
          ("kind", .string(kind.kind.rawValue)), ("same", JSON(try diff.commonCount(kind))),
          ("added", ids(kind.added)), ("removed", ids(kind.removed)),
          (
            "changed",
            .array(
              kind.changed.map { ["old": .string($0.old.hex), "new": .string($0.new.hex)] })
          ),
        ])
    }
    func numbers(_ slots: [Int]) -> JSON { .array(slots.map { JSON($0) }) }
    Output.json(
      "summary",
      [
        ("files", .array(diff.files.map { .string($0) })),
        ("replaced-slots", numbers(diff.changedSlots)), ("new-slots", numbers(diff.addedSlots)),
        ("gone-slots", numbers(diff.removedSlots)),
      ])
  }
}
