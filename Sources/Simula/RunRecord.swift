import ArtifactStore
import CanonicalJSON
import Foundation

/// The name of one run, and the in-toto Statement that says what it did.
package struct RunRecord: Sendable {
  let id: String
  let started: Date

  init(started: Date = Date()) {
    self.started = started
    let random = (0..<4).map { _ in UInt8.random(in: 0...255) }
    id = "\(RunRecord.stamp(started))-\(Hex.text(random))"
  }

  /// Where the statement of what slots came to is kept.
  var path: String { path("") }

  /// Where that of grown sources is kept; the run may go on to slots, which make a version of their own.
  var sourcesPath: String { path("-sources") }

  private func path(_ what: String) -> String {
    let month = RunRecord.parts(started)
    return "runs/\(month.year)-\(month.month)/\(id)\(what).json"
  }

  /// Whether a path is that of a statement of a run.
  package static func isRecord(_ path: String, of run: String) -> Bool {
    path.hasPrefix("runs/") && ["", "-sources"].contains { path.hasSuffix("/\(run)\($0).json") }
  }

  /// What one invocation read, was told and made.
  struct Content {
    var stages: [(name: String, key: Digest)]
    /// What it read: recipe, prompt templates, references and sources.
    var files: [(path: String, bytes: [UInt8])]
    /// What it made, by name; never empty.
    var subjects: [(name: String, digest: Digest)]
    /// What the user asked for.
    var parameters: JSONObject
    var summary: JSON
  }

  /// A Statement v1 of in-toto with the provenance of SLSA v1.
  func statement(_ content: Content) -> [UInt8] {
    func descriptor(_ name: String, _ digest: Digest) -> JSON {
      ["digest": ["sha256": .string(digest.hex)], "name": .string(name)]
    }
    let statement: JSON = [
      "_type": "https://in-toto.io/Statement/v1",
      "subject": .array(content.subjects.map { descriptor($0.name, $0.digest) }),
      "predicateType": "https://slsa.dev/provenance/v1",
      "predicate": [
        "buildDefinition": [
          "buildType": "https://stemma.dev/run/v1",
          "externalParameters": .object(content.parameters),
          "internalParameters": .object(
            JSONObject(content.stages.map { ($0.name, .string($0.key.hex)) })),
          "resolvedDependencies": .array(
            content.files.map { descriptor($0.path, Digest(of: $0.bytes)) }),
        ],
        "runDetails": [
          "builder": ["id": "https://stemma.dev/stemma", "version": ["stemma": "1"]],
          "metadata": [
            "invocationId": .string(id), "startedOn": .string(RunRecord.iso(started)),
            "finishedOn": .string(RunRecord.iso(Date())),
          ],
          "byproducts": [["name": "summary", "annotations": content.summary]],
        ],
      ],
    ]
    return statement.canonicalBytes + [0x0A]
  }

  /// The name under which a Dataset-Digest is among the subjects.
  static let datasetDigestName = "Dataset-Digest"

  private static func parts(_ date: Date) -> (year: String, month: String) {
    let text = iso(date)
    return (String(text.prefix(4)), String(text.dropFirst(5).prefix(2)))
  }

  private static func stamp(_ date: Date) -> String {
    iso(date).filter { $0 != "-" && $0 != ":" }
  }

  private static func iso(_ date: Date) -> String {
    date.formatted(.iso8601)
  }
}
