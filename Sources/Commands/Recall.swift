import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Simula

struct Recall: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "recall",
    abstract: "Take something back with all that descends from it, for good",
    discussion: """
      Shows what descends from it, asks, writes it into \(Recalls.path), and makes a version without it. \
      It is never used again: the next run fills the slots from other nodes, other attempts or other \
      models. For a sample, a verdict or another record the call is recalled that made it. A model or a \
      template has to be changed before the next run. Text that people edit stays: nodes are recalled \
      by themselves.

      'stemma undo' takes a recall back; without its line in \(Recalls.path) the next run brings the same \
      records back, from recorded answers.

      EXAMPLES
        stemma recall 3f9a1c2e --reason 'wrong unit'
        stemma recall 'Setting > Bakery' --dry-run
        stemma recall model:gpt-4o-mini
        stemma recall prompts/generate.mustache
        stemma recall --list

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions
  @OptionGroup var options: ApplyOptions

  @Argument(
    help: ArgumentHelp(
      "Ids of records, calls or nodes, or what they begin with; paths of nodes, 'model:NAME', "
        + "templates, or runs.", valueName: "id"))
  var ids: [String] = []

  @Option(help: ArgumentHelp("Why, for whoever reads \(Recalls.path).", valueName: "text"))
  var reason: String?

  @Flag(help: "Show what is recalled, and change nothing.")
  var list = false

  func validate() throws {
    guard list != ids.isEmpty else { return }
    throw ValidationError(
      list ? "'--list' shows everything, and takes no ids" : "name what to recall, or give '--list'"
    )
  }

  func run() async throws {
    let store = try dataset.store()
    let recall = try RecallRun(store)
    if list { return RecallText.printList(try recall.recalls(), isJSON: form.isJSON) }
    let lock = options.onlyShows ? nil : try store.lock(purpose: "stemma recall")
    defer { withExtendedLifetime(lock) {} }
    if !options.onlyShows { try WorkingTree(store).prepare() }
    guard let base = try store.head() else {
      throw CommandError("there is no version to recall anything from")
    }
    let progress = CountProgress("shards read")
    defer { progress.end() }
    let didRead: (Int, Int) -> Void = { progress.update($0, of: $1) }
    let targets = try targets(in: base, didRead)
    let effect = try RecallEffect(of: targets, in: base, recall.recalls(), didRead: didRead)
    progress.end()
    var text = RecallText(effect)
    if !form.isJSON { text.print() }
    guard !effect.targets.isEmpty || effect.recordCount > 0 else {
      return form.isJSON ? text.printJSON() : Output.line("All of it is recalled: nothing to do.")
    }
    let things = Plural.text(effect.targets.count, "thing")
    let question =
      effect.recordCount == 0
      ? "Recall \(things)?"
      : "Recall \(things) and take away \(Plural.text(effect.recordCount, "record"))?"
    do {
      if try await options.decide(question) {
        text.version = try recall.apply(effect, to: base, reason: reason)
      }
    } catch {
      if form.isJSON, options.cannotAsk { text.printJSON() }
      throw error
    }
    form.isJSON ? text.printJSON() : text.printOutcome()
  }

  private func targets(
    in version: Version, _ didRead: @escaping (Int, Int) -> Void
  ) throws -> [RecallTarget] {
    let finder = try RecallFinder(version)
    let reference = try ImpactReference(
      version, tasks: PromptTask.allCases.map(\.rawValue), didRead: didRead)
    return try ids.flatMap { text in
      do {
        return try finder.targets(of: reference.find(text).root)
      } catch let error as StoreError {
        guard error.code == .notFound else { throw error }
        throw CommandError(
          "there is no '\(text)' to recall",
          hint: try version.store.isShallow
            ? "older versions are not here: 'git fetch --unshallow' fetches them"
            : "'stemma list KIND', 'stemma taxonomy show' and 'stemma log' show what there is",
          status: .noDataset)
      }
    }
  }
}
