import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Git

struct Undo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "undo",
    abstract: "Take the present branch back to where it was before the last step",
    discussion: """
      A step is what made the branch move: a run, an import, a merge, a rollback, also a commit or \
      reset of git. Nothing is deleted; '--redo' takes the step again.

      EXAMPLES
        stemma undo
        stemma undo --redo
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Flag(help: "Take the step again that was taken back last.")
  var redo = false

  func run() async throws {
    let store = try dataset.store()
    let (left, present) = try redo ? store.redo() : store.undo()
    if form.isJSON {
      Output.json(
        redo ? "redo" : "undo",
        [
          ("left", .string(left.commit.id.hex)), ("version", .string(present.commit.id.hex)),
        ])
      return
    }
    Output.line("Left \(Output.shortID(left.commit.id.hex)): \(left.title)")
    Output.line("Now at \(Output.shortID(present.commit.id.hex)): \(present.title)")
    if !redo { Output.line("Take it again with: stemma undo --redo") }
  }
}
