import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Git

struct Merge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "merge",
    abstract: "Join another branch or version with the present branch",
    discussion: """
      Records are sets: what either side added or removed since their common ancestor is added or \
      removed. Taxonomies merge node by node, factors and strategies entry by entry, and the recipe and \
      prompts line by line; where both sides changed the same thing differently, you \
      decide: edit the marked files, then 'git add' and 'git commit'. The next 'stemma run' brings the records in line with the merged recipe.

      EXAMPLES
        stemma merge experiment
        stemma merge origin/main --ff-only
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: "The branch or version to join.")
  var revision: String

  @Flag(name: .customLong("ff-only"), help: "Refuse when both sides have versions of their own.")
  var isFastForwardOnly = false

  func run() async throws {
    let store = try dataset.store()
    let present = try store.head()
    let merge = VersionMerge(store, with: try store.version(revision), name: revision)
    let outcome = try merge.run(fastForwardOnly: isFastForwardOnly)
    try MergeReport(outcome, from: present, with: try store.version(revision), name: revision)
      .write(isJSON: form.isJSON)
    Housekeeping(store).tidy()
  }
}

/// What is said after a merge.
struct MergeReport {
  private let outcome: VersionMerge.Outcome
  private let present: Version?
  private let theirs: Version
  private let name: String

  init(
    _ outcome: VersionMerge.Outcome, from present: Version?, with theirs: Version, name: String
  ) {
    self.outcome = outcome
    self.present = present
    self.theirs = theirs
    self.name = name
  }

  func write(isJSON: Bool) throws {
    switch outcome {
    case .upToDate:
      write(isJSON, "up-to-date", nil, ["'\(name)' has nothing new."])
    case .fastForward(let version):
      write(
        isJSON, "fast-forward", version,
        ["Moved on to '\(name)': \(Output.shortID(version.commit.id.hex))"])
    case .merged(let version, let base, let doublyKeyed):
      var slots: [Slot] = []
      if let present {
        slots = try SlotCollisions.find(base: base, ours: present, theirs: theirs)
      }
      var lines = ["Merged '\(name)'.", "Version: \(version.commit.id)"]
      if !slots.isEmpty {
        let some = slots.prefix(12).map(\.description).joined(separator: ", ")
        lines.append(
          "Both sides made a sample for \(Plural.text(slots.count, "slot")) (\(some)"
            + "\(slots.count > 12 ? ", …" : "")); the next 'stemma run' keeps one of each.")
      }
      if doublyKeyed > 0 {
        lines.append(
          "Each side has a record of its own for \(Plural.text(doublyKeyed, "key")); both stay. "
            + "'stemma import --changed' with one of each settles it.")
      }
      write(
        isJSON, "merged", version, lines,
        [
          ("shared-slots", .array(slots.map(\.json))),
          ("doubly-keyed", JSON(doublyKeyed)),
        ])
    case .conflicts(let conflicts):
      for conflict in conflicts {
        let path = conflict.path
        if isJSON {
          Output.json("conflict", [("path", .string(path)), ("what", .string(what(conflict)))])
        } else {
          Output.line("conflict  \(path): \(what(conflict))")
        }
      }
      throw CommandError(
        "\(conflicts.count == 1 ? "1 file needs" : "\(conflicts.count) files need") a decision",
        hint: "edit what stands between '<<<<<<<' and '>>>>>>>', then 'git add' the files and "
          + "'git commit'; or give the merge up with 'git merge --abort'")
    }
  }

  private func what(_ conflict: MergeConflict) -> String {
    if conflict.ours == nil { return "removed here, changed in '\(name)'" }
    if conflict.theirs == nil { return "changed here, removed in '\(name)'" }
    return "both sides changed the same lines"
  }

  private func write(
    _ isJSON: Bool, _ word: String, _ version: Version?, _ lines: [String],
    _ members: [(String, JSON)] = []
  ) {
    guard isJSON else { return lines.forEach { Output.line($0) } }
    Output.json(
      "merge",
      [
        ("outcome", .string(word)),
        ("version", version.map { .string($0.commit.id.hex) } ?? .null),
      ] + members)
  }
}
