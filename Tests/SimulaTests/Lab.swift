import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Pipeline
import Prompts
import Simula
import Starters
import Synchronization
import Teachers
import TestSupport

/// A dataset in a temporary folder, made as `stemma init` makes one.
struct Lab: Sendable {
  typealias Knobs = [(path: [String], value: String)]

  let root: URL
  let store: Store

  /// The starter recipe with small knobs, so that a run takes little time.
  static func recipe(_ knobs: Knobs = []) throws -> String {
    var text = try small.get()
    for (path, value) in knobs { text = try setting(path, to: value, in: text) }
    return text
  }

  // Each change reads the text anew, which takes a while without optimisation.
  private static let small = Result {
    let knobs: Knobs = [
      (["samples"], "12"), (["factors"], "[Operation, Setting, Numbers]"),
      (["taxonomy", "depth"], "2"), (["taxonomy", "proposals"], "2"),
      (["taxonomy", "children"], "[2, 3]"), (["taxonomy", "children-cap"], "4"),
      (["strategy", "strategies"], "[2, 2]"), (["meta-prompts", "candidates"], "2"),
    ]
    var text = Starter.named("grade-school-math")?.recipe ?? ""
    for (path, value) in knobs { text = try setting(path, to: value, in: text) }
    return text
  }

  /// As a person changes a recipe: also a list that is there already.
  private static func setting(
    _ path: [String], to value: String, in text: String
  ) throws -> String {
    let key = (path.count == 1 ? "\n" : " ") + (path.last ?? "") + ": "
    let braced = key.replacing(" ", with: "{", maxReplacements: 1)
    for start in [key + "[", braced + "["] where value.hasPrefix("[") {
      guard let found = text.range(of: start),
        let end = text[found.upperBound...].firstIndex(of: "]")
      else { continue }
      return text.replacingCharacters(in: found.lowerBound...end, with: start.dropLast() + value)
    }
    return try Recipe.setting(path: path, to: value, in: text)
  }

  static func parsed(_ knobs: Knobs = []) throws -> Recipe {
    try Recipe(parsing: Array(try recipe(knobs).utf8), readReference: { _ in nil })
  }

  static var prompts: PromptSet {
    get throws { try builtIn.get() }
  }

  private static let builtIn = Result {
    var files: [PromptTask: [UInt8]] = [:]
    for prompt in BuiltInPrompt.all {
      if let task = PromptTask(rawValue: prompt.task) { files[task] = Array(prompt.text.utf8) }
    }
    return try PromptSet(files)
  }

  /// Makes a dataset; files come on top of the usual ones, or in their place.
  static func make(
    in folder: URL, named name: String = "data", recipe: String, files: [String: String] = [:]
  ) throws -> Lab {
    let root = folder.appending(path: name)
    let repository = try Repository.create(at: root, branch: "main")
    try repository.hideFromWorkingTree(folders: WorkingTree.hiddenFolders)
    try repository.applyDatasetConfiguration()
    let store = try Store(at: root)
    let lock = try store.lock(purpose: "test")
    defer { withExtendedLifetime(lock) {} }
    var texts = ["dataset.json": "{\"format\":1,\"name\":\"\(name)\"}\n", "recipe.yaml": recipe]
    for prompt in BuiltInPrompt.all { texts["prompts/\(prompt.task).mustache"] = prompt.text }
    texts.merge(files) { _, new in new }
    let writer = try VersionWriter(store, base: nil, deriving: [], run: "init")
    _ = try writer.finish(
      files: texts.sorted { $0.key < $1.key }.map {
        VersionWriter.File(path: $0.key, bytes: Array($0.value.utf8), isGenerated: true)
      }, taxonomyObjects: [], branch: "refs/heads/main"
    ) { _ in "Start dataset '\(name)'\n" }
    return Lab(root: root, store: store)
  }

  // MARK: Running

  @discardableResult
  func run(
    until stage: StageName = .samples, replans: Bool = false, teacher: (any Teacher)? = nil,
    observer: NoticeList = NoticeList()
  ) async throws -> RunReport {
    let run = GenerationRun(store, observer: observer) { settings in
      teacher ?? EmbeddedTeacher(rates: settings.embedded)
    }
    return try await run.run(until: stage, replans: replans)
  }

  // MARK: Files

  func read(_ path: String) throws -> String {
    try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  func write(_ path: String, _ text: String) throws {
    try Data(text.utf8).write(to: root.appending(path: path), options: .atomic)
  }

  func remove(_ path: String) throws {
    try FileManager.default.removeItem(at: root.appending(path: path))
  }

  func set(_ path: [String], to value: String) throws {
    try write("recipe.yaml", try Self.setting(path, to: value, in: try read("recipe.yaml")))
  }

  var sources: Sources? {
    get throws { try Snapshot(workingDirectory: root).sources }
  }

  func write(_ sources: Sources) throws {
    for (path, text) in sources.encode() {
      let folder = root.appending(path: path).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try write(path, text)
    }
  }

  /// Changes the text by an edit that a person makes.
  func apply(_ edit: (Sources) -> SourceEdit) throws {
    guard let sources = try sources else { return }
    try write(edit(sources).apply(to: sources, isForced: true).sources)
  }

  /// What is stale, by stage; those that are fresh are left out.
  func stale() throws -> [StageName: Freshness] {
    let plan = try RunPlan(Snapshot(workingDirectory: root), base: try store.head())
    return Dictionary(
      uniqueKeysWithValues: plan.stages.filter { $0.freshness != .fresh }
        .map { ($0.stage, $0.freshness) })
  }

  /// The recipe, the prompts and the sources as they stand in the working tree.
  func inputs() throws -> [String: String] {
    var files: [String: String] = [:]
    for file in try Snapshot(workingDirectory: root).files {
      files[file.path] = String(decoding: file.bytes, as: UTF8.self)
    }
    return files
  }

  // MARK: Versions

  func head() throws -> Version {
    guard let head = try store.head() else { throw StoreError(.notFound, "no version") }
    return head
  }

  var versionCount: Int {
    get throws { try store.repository.history(from: [try head().commit.id]).count }
  }

  func records(_ kind: RecordKind) throws -> [JSON] {
    try head().records(kind).map { record in try record.value() }
  }

  func ids(_ kind: RecordKind) throws -> Set<RecordID> {
    Set(try head().live(kind).ids)
  }

  static let dataKinds: [RecordKind] = [.mixes, .metaPrompts, .samples, .rejections, .verdicts]

  /// How the data differs from that of a new dataset with the same texts; empty for not at all.
  func differencesFromScratch(
    in folder: URL, _ name: String, teacher: (any Teacher)? = nil
  ) async throws -> [String] {
    let fresh = try Lab.make(
      in: folder, named: "scratch-\(name)", recipe: "", files: try inputs())
    try await fresh.run(teacher: teacher)
    return try state().differences(fresh.state())
  }

  /// All that data stages made, in a form in which two datasets can be compared.
  func state() throws -> DataState {
    var ids: [RecordKind: Set<RecordID>] = [:]
    for kind in Self.dataKinds { ids[kind] = try self.ids(kind) }
    return DataState(digest: try head().datasetDigest(), ids: ids)
  }
}

struct DataState: Hashable {
  let digest: Digest
  let ids: [RecordKind: Set<RecordID>]

  /// The kinds in which two states differ, with how many records only one of them has.
  func differences(_ other: DataState) -> [String] {
    Lab.dataKinds.compactMap { kind in
      let odd = (ids[kind] ?? []).symmetricDifference(other.ids[kind] ?? [])
      return odd.isEmpty ? nil : "\(kind.rawValue): \(odd.count)"
    } + (digest == other.digest ? [] : ["Dataset-Digest"])
  }
}

/// Keeps what a run says.
final class NoticeList: RunObserver {
  private let list = Mutex<[String]>([])
  var notices: [String] { list.withLock { $0 } }

  func update(_ progress: RunProgress) {}
  func notice(_ message: String) { list.withLock { $0.append(message) } }
}

/// Asks through a real store, without a whole run.
struct Bench {
  let store: Store
  let calls: CallStore
  let cache: CallCache
  let recipe: Recipe
  private let lock: WriterLock

  init(in folder: URL, _ recipe: Recipe, named: Set<RecordID> = []) throws {
    self.recipe = recipe
    let root = folder.appending(path: "bench")
    _ = try Repository.create(at: root, branch: "main")
    store = try Store(at: root)
    lock = try store.lock(purpose: "test")
    calls = try CallStore(store)
    cache = CallCache(calls) { () throws(StoreError) in named }
  }

  func asker(_ teacher: any Teacher, recipe: Recipe? = nil) throws -> Asker {
    let recipe = recipe ?? self.recipe
    return Asker(
      recipe: recipe, prompts: try Lab.prompts, cache: cache,
      players: Players.make(recipe) { _ in teacher })
  }

  /// Lends a bench in a temporary folder to a closure.
  static func with<Result>(
    _ knobs: Lab.Knobs = [], _ body: (Bench) async throws -> Result
  ) async throws -> Result {
    try await withTemporaryDirectory { folder in
      let bench = try Bench(in: folder, try Lab.parsed(knobs))
      defer { bench.calls.close() }
      return try await body(bench)
    }
  }
}

/// A small generator of random numbers, the same for the same seed.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
