import ArtifactStore
import CanonicalJSON
import Foundation
import Git
import TestSupport

/// A dataset that the built program makes with its embedded teacher, in all its kinds of records.
struct DemoDataset {
  /// Lines by the name of their schema.
  private(set) var lines: [String: [String]] = [:]
  /// YAML that people edit by the name of its schema.
  private(set) var texts: [String: [String]] = [:]

  /// Runs the program with one critic, with the other, and back; regrows a branch, recalls something,
  /// and imports lines.
  ///
  /// The second run removes records and the third one brings them back, so that there are
  /// tombstones of both forms.
  init(in directory: URL) async throws {
    let root = directory.appending(path: "data", directoryHint: .isDirectory)
    let stemma = StemmaProgram(in: directory)
    try await stemma("init", "data")
    for critic in ["ask", "solve", "ask"] {
      try Self.edit(root.appending(path: "recipe.yaml"), critic: critic)
      try await stemma("run", "-C", "data")
    }
    try await stemma("taxonomy", "regrow", "-C", "data", "Setting", "--yes")
    try await stemma("taxonomy", "edit", "pin", "-C", "data", "Setting", "--yes")
    try await stemma("run", "-C", "data", "--replan")
    for kind in ["mixes", "samples"] {
      let first = try await stemma("list", kind, "-C", "data").lines.first ?? ""
      let id = first.prefix { $0.isHexDigit }
      try await stemma("recall", "-C", "data", String(id), "--yes")
    }
    try await stemma("run", "-C", "data")
    for number in 1...2 {
      let file = directory.appending(path: "lines.jsonl")
      try Data("{\"id\":1,\"n\":\(number)}\n".utf8).write(to: file)
      try await stemma("import", "-C", "data", "--key", "id", "lines.jsonl")
    }
    let store = try Store(at: root)
    let version = try store.version("HEAD")
    for file in try store.repository.files(inTree: version.tree) {
      try add(file.path, file.entry.id, store)
    }
    for call in try store.calls() { add("calls", call.line) }
    add("dataset", try version.file("dataset.json") ?? [])
  }

  private static let textNames = [
    "recipe.yaml": "recipe", "recalls.yaml": "recalls", "factors.yaml": "factors-text",
    "strategies.yaml": "strategies-text",
  ]

  private mutating func add(_ path: String, _ object: ObjectID, _ store: Store) throws {
    guard let artifact = ArtifactPath(path) else {
      let name = path.hasPrefix("taxonomies/") ? "taxonomy-text" : Self.textNames[path]
      let bytes = try store.repository.read(object, as: .blob, maximumSizeInBytes: 1 << 24)
      if let name { texts[name, default: []].append(String(decoding: bytes, as: UTF8.self)) }
      if path.hasPrefix("runs/") { add("runs", bytes) }
      return
    }
    let bytes = try store.reader.artifact(object)
    guard let kind = artifact.kind else {
      return add(artifact.folder == ArtifactPath.growth ? "growth" : "taxonomy", bytes)
    }
    for record in try Shard.records(kind, bytes) { add(kind.rawValue, record.line) }
  }

  private mutating func add(_ name: String, _ line: [UInt8]) {
    lines[name, default: []].append(String(decoding: line, as: UTF8.self))
  }

  private static func edit(_ recipe: URL, critic: String) throws {
    var text = try String(contentsOf: recipe, encoding: .utf8)
    text.replace(/(?m)^samples: .*$/, with: "samples: 30")
    text.replace(/(?m)^  double: .*$/, with: "  double: \(critic)")
    text.replace(/(?m)^  depth: .*$/, with: "  depth: 2")
    try Data(text.utf8).write(to: recipe)
  }
}
