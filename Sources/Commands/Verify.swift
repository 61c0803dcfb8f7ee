import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Git

struct Verify: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "verify",
    abstract: "Read a version again and check every hash",
    discussion: """
      Artifacts of the present version and all recorded calls are decompressed and hashed, every \
      line is checked to be canonical JSON, and what live records name must be there.

      --quick looks only whether everything is there; --full reads all versions of all branches and \
      tags, and the files of packs and indexes to their last byte; --sample reads a random part of \
      that. Nothing is ever deleted: --quarantine moves damaged packs to .git/stemma/quarantine, \
      and keeps of them in use what can still be read; --repair does that too, and takes over all \
      objects of a remote.

      --replay derives a version again instead, from its recipe and the recorded answers, without asking \
      anything, and compares the id of every record. It ends at the first one that differs, and says \
      which.

      EXAMPLES
        stemma verify
        stemma verify --full
        stemma verify --sample 5
        stemma verify --full --repair origin
        stemma verify --replay --at v1

      \(ExitStatus.help)
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Flag(help: "Only look whether everything is there.")
  var quick = false

  @Flag(help: "Read every version and every file.")
  var full = false

  @Option(help: ArgumentHelp("Read so many artifacts of a hundred.", valueName: "percent"))
  var sample: Double?

  @Flag(help: "Derive a version again from recorded answers.")
  var replay = false

  @Option(name: .long, help: ArgumentHelp("The version to replay.", valueName: "rev"))
  var at: String?

  @Flag(help: "Move damaged packs aside.")
  var quarantine = false

  @Option(
    help: ArgumentHelp("Move damaged packs aside, and take over a remote's.", valueName: "remote"))
  var repair: String?

  func validate() throws {
    if [quick, full, sample != nil, replay].count(where: \.self) > 1 {
      throw ValidationError(
        "only one of '--quick', '--full', '--sample' and '--replay' can be given")
    }
    if at != nil, !replay { throw ValidationError("'--at' needs '--replay'") }
    if let sample, !(0...100).contains(sample) {
      throw ValidationError("'--sample \(sample)' is outside of 0...100")
    }
    if quarantine || repair != nil, !full {
      throw ValidationError("'--quarantine' and '--repair' need '--full'")
    }
  }

  private var depth: Verification.Depth {
    if quick { return .quick }
    if full { return .full }
    return sample.map { .sample(percent: $0) } ?? .present
  }

  func run() async throws {
    let store = try dataset.store()
    if replay {
      return try await Replay(version: store.version(at ?? "HEAD"), form: form).run()
    }
    if let repair {
      try RemoteName.check(repair, GitCommand(in: store.repository.commandDirectory))
    }
    let progress = CountProgress("artifacts checked")
    let result = try Verification(store, depth: depth) { progress.update($0, of: $1) }
    progress.end()
    let artifacts = result.damages.compactMap(\.artifact)
    let head = try? store.head()
    let scope = artifacts.isEmpty ? nil : head.map { DamageScope(artifacts, in: $0) }
    if form.isJSON { printJSON(result, scope) } else { printText(result, scope) }
    guard !result.isClean else { return }
    let aside = Quarantine(store)
    if quarantine || repair != nil { try aside.run() }
    if let repair { return try aside.repair(from: repair) }
    throw CommandError(
      Plural.text(result.damages.count, "damaged place"),
      hint: (quarantine ? "'stemma verify --full' says what is still missing; " : "")
        + (result.hasLooseReferences ? mergeHint : hint(scope)),
      status: .damaged)
  }

  /// Plain git drops in a merge what one side has compacted away and the other has built on.
  private var mergeHint: String {
    "if a merge by git lost what is missing: 'stemma undo', then merge with 'stemma merge'; "
      + "otherwise 'stemma run' makes it"
  }

  private func hint(_ scope: DamageScope?) -> String {
    guard let remote = scope?.remotes.first else {
      return "a clone elsewhere may hold them whole: 'git remote add NAME PATH', then "
        + "'stemma verify --full --repair NAME'"
    }
    return "'\(remote)' has the same versions: 'stemma verify --full --repair \(remote)'"
  }

  private func printText(_ result: Verification, _ scope: DamageScope?) {
    for damage in result.damages { Output.line("damaged  \(damage.place): \(damage.message)") }
    if let scope, !scope.samples.isEmpty {
      let some = scope.samples.prefix(6).map { Output.shortID($0.hex) }.joined(separator: ", ")
      Output.line(
        "This touches \(Plural.text(scope.samples.count, "sample")): \(some)"
          + (scope.samples.count > 6 ? ", …" : ""))
    }
    let what = quick ? "looked at" : "read"
    Output.line(
      "\(result.isClean ? "Clean" : "Damaged"): \(Plural.text(result.versionCount, "version")), "
        + "\(Plural.text(result.artifactCount, "artifact")), "
        + "\(Plural.text(result.recordCount, "record")) \(what).")
    if result.missingCalls > 0 {
      Output.line(
        "\(Plural.text(result.missingCalls, "record")) name calls that are not here; fetch them "
          + "with: git fetch origin '\(RemoteCalls.refspec("origin"))'")
    }
  }

  private func printJSON(_ result: Verification, _ scope: DamageScope?) {
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
        ("touched-samples", .array((scope?.samples ?? []).map { .string($0.hex) })),
        ("whole-at", .array((scope?.remotes ?? []).map { .string($0) })),
      ])
  }
}
