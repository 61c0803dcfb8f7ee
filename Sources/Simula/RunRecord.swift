import ArtifactStore
import CanonicalJSON
import Foundation

/// The name of one run, and the in-toto Statement that says what it did.
struct RunRecord: Sendable {
  let id: String
  let started: Date

  init(started: Date = Date()) {
    self.started = started
    let random = (0..<4).map { _ in UInt8.random(in: 0...255) }
    id = "\(RunRecord.stamp(started))-\(Hex.text(random))"
  }

  var path: String {
    let month = RunRecord.parts(started)
    return "runs/\(month.year)-\(month.month)/\(id).json"
  }

  /// A Statement v1 with SLSA provenance v1: subjects are the record sets that were made.
  func statement(
    stages: [(name: String, key: Digest)], files: [(path: String, bytes: [UInt8])],
    subjects: [(name: String, digest: Digest)], parameters: JSON, summary: JSON
  ) -> [UInt8] {
    let resolved = files.map { file -> JSON in
      [
        "digest": ["sha256": .string(Digest(of: file.bytes).hex)], "uri": .string(file.path),
      ]
    }
    let statement: JSON = [
      "_type": "https://in-toto.io/Statement/v1",
      "subject": .array(
        subjects.map {
          ["digest": ["sha256": .string($0.digest.hex)], "name": .string($0.name)]
        }),
      "predicateType": "https://slsa.dev/provenance/v1",
      "predicate": [
        "buildDefinition": [
          "buildType": "https://stemma.dev/run/v1", "externalParameters": parameters,
          "internalParameters": .object(
            JSONObject(stages.map { ($0.name, .string($0.key.hex)) })),
          "resolvedDependencies": .array(resolved),
        ],
        "runDetails": [
          "builder": ["id": "https://stemma.dev/stemma", "version": ["stemma": "1"]],
          "metadata": [
            "invocationId": .string(id), "startedOn": .string(RunRecord.iso(started)),
            "finishedOn": .string(RunRecord.iso(Date())),
          ],
          "byproducts": [["name": "summary", "annotations": summary]],
        ],
      ],
    ]
    return statement.canonicalBytes + [0x0A]
  }

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
