import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Read everything again and check every hash",
    discussion: """
      Every artifact of every version and all recorded calls are decompressed and hashed, every line \
      is checked to be canonical JSON, and what live records name must be there.

      EXAMPLES
        stemma verify

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  func run() async throws {
    let store = try dataset.store()
    let result = try Verification(store, from: try store.head())
    if form.isJSON {
      for damage in result.damages {
        Output.json(
          "damage", [("place", .string(damage.place)), ("message", .string(damage.message))])
      }
      Output.json(
        "verification",
        [
          ("clean", .bool(result.isClean)), ("versions", JSON(result.versionCount)),
          ("artifacts", JSON(result.artifactCount)), ("records", JSON(result.recordCount)),
          ("missing-calls", JSON(result.missingCalls)),
        ])
    } else {
      for damage in result.damages { Output.line("damaged  \(damage.place): \(damage.message)") }
      Output.line(
        "\(result.isClean ? "Clean" : "Damaged"): \(result.versionCount) versions, "
          + "\(result.artifactCount) artifacts, \(result.recordCount) records read.")
      if result.missingCalls > 0 {
        Output.line(
          "\(result.missingCalls) records name calls that are not here; fetch them with: "
            + "git fetch origin '+refs/stemma/calls/*:refs/stemma/remotes/origin/calls/*'")
      }
    }
    guard !result.isClean else { return }
    throw CommandError(
      "\(result.damages.count) damaged places",
      hint: "a clone or a remote may hold them whole: compare with 'git fsck' there",
      status: .damaged)
  }
}
