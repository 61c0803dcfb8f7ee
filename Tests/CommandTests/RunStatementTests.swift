import CanonicalJSON
import Foundation
import TestSupport
import Testing

/// The records of runs, checked by the packages of the in-toto project.
@Suite("records of runs")
struct RunStatementTests {
  /// Says of each line whether it is a Statement with the provenance of SLSA.
  private static let script = """
    import json, sys
    from google.protobuf import json_format
    from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
    from in_toto_attestation.v1 import statement_pb2
    from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
    from in_toto_attestation.v1.statement import Statement
    for line in sys.stdin:
        try:
            statement = json_format.Parse(line, statement_pb2.Statement())
            Statement.copy_from_pb(statement).validate()
            provenance = json_format.ParseDict(
                json.loads(line)["predicate"], provenance_pb2.Provenance())
            made = provenance.build_definition
            if not made.build_type or not made.HasField("external_parameters"):
                raise ValueError("no build type or parameters")
            if not provenance.run_details.builder.id:
                raise ValueError("no builder")
            for one in list(made.resolved_dependencies) + list(provenance.run_details.byproducts):
                ResourceDescriptor.copy_from_pb(one).validate()
            print("valid")
        except Exception as error:
            print(type(error).__name__, str(error).replace("\\n", " ")[:200])
    """

  private func verdicts(_ statements: [String]) async throws -> [String] {
    let input = statements.map { $0.trimmingCharacters(in: .newlines) }.joined(separator: "\n")
    let output = try await PythonTools.script(Self.script, input: input)
    #expect(output.exitCode == 0, "\(output.errorText)")
    return output.lines
  }

  @Test("the packages of in-toto accept the statements of every kind of run, and none that is off")
  func statements() async throws {
    try await withServerDataset { dataset, recipe, _ in
      try await dataset.run("--until", "strategies")
      try await dataset.run()
      try await dataset.run("--replan")
      let node = try #require(
        try await dataset.objects("taxonomy", "show").first {
          $0["level"] == 1 && $0["leaf"] == false
        }?["id"]?.string)
      try await dataset.stemma("taxonomy", "regrow", node, "--yes")
      var longer = recipe
      longer.samples += 2
      try dataset.write(longer)
      try await dataset.run()
      // Versions keep the records of the runs before them.
      var texts: [String] = []
      for path in try await dataset.runRecords() {
        texts.append(try await dataset.git("show", "HEAD:\(path)").text)
      }
      #expect(texts.count >= 4)
      #expect(try await verdicts(texts) == texts.map { _ in "valid" })
      let parameters = try texts.map {
        try JSON(parsing: $0)["predicate"]?["buildDefinition"]?["externalParameters"]
      }
      #expect(parameters.contains { $0?["regrow"]?.string == node })
      #expect(parameters.contains { $0?["replan"] == true })
      #expect(parameters.contains { $0?["samples"]?.int == longer.samples && $0?["arm"] == "full" })

      let text = try #require(texts.last)
      let off = [
        text.replacing(#""startedOn":""#, with: #""startedOn":"about "#),
        text.replacing(#""_type":"#, with: #""type2":"#),
        text.replacing(#""buildType":"#, with: #""built":"#),
        text.replacing("in-toto.io/Statement/v1", with: "in-toto.io/Statement/v0"),
      ]
      let found = try await verdicts(off)
      #expect(found.count == off.count && !found.contains("valid"), "\(found)")
    }
  }

  @Test("a run that grows sources and fills slots leaves a statement of each")
  func both() async throws {
    try await withServerDataset { dataset, _, _ in
      let asked = try await dataset.run().asked
      let paths = try await dataset.runRecords()
      #expect(paths.count == 2)
      var statements: [JSON] = []
      for path in paths {
        statements.append(try JSON(parsing: try await dataset.git("show", "HEAD:\(path)").text))
      }
      #expect(
        try await verdicts(statements.map(\.text)) == statements.map { _ in "valid" })
      let (grown, filled) = (statements[0], statements[1])
      func subjects(_ statement: JSON) -> Set<String> {
        Set((statement["subject"]?.array ?? []).compactMap { $0["name"]?.string })
      }
      #expect(paths[0] == paths[1].replacing(".json", with: "-sources.json"))
      #expect(subjects(grown) == ["Dataset-Digest", "edits", "plans", "proposals", "sources"])
      #expect(subjects(filled).isSuperset(of: ["Dataset-Digest", "mixes", "samples", "verdicts"]))
      // One run asked what both tell.
      let runs = statements.map { $0["predicate"]?["runDetails"] }
      #expect(
        runs[0]?["metadata"]?["invocationId"] == runs[1]?["metadata"]?["invocationId"])
      let counts = runs.map { $0?["byproducts"]?.array?.first?["annotations"]?["asked"]?.int ?? 0 }
      #expect(counts[0] > 0 && counts[0] + counts[1] == asked)
      // The sources' version has only the first, and a message with its run is good there too.
      #expect(try await dataset.runRecords("HEAD~1") == [paths[0]])
      try await dataset.expectHooked(
        "git checkout -q --detach HEAD~1 && git commit -q --amend --no-edit")
    }
  }

  @Test("a statement names what was read and made by the hashes that git and sha256sum tell")
  func digests() async throws {
    try await withServerDataset { dataset, recipe, _ in
      try await dataset.run()
      let path = try #require(try await dataset.runRecords().first { !$0.contains("-sources") })
      let statement = try JSON(parsing: try await dataset.git("show", "HEAD:\(path)").text)
      let read = try #require(
        statement["predicate"]?["buildDefinition"]?["resolvedDependencies"]?.array)
      for file in read {
        let name = try #require(file["name"]?.string)
        let sum = try await shell(
          "git show 'HEAD:\(name)' | sha256sum | cut -c -64", in: dataset.directory)
        #expect(sum.lines == [file["digest"]?["sha256"]?.string], "\(name)")
      }
      let names = Set(read.compactMap { $0["name"]?.string })
      let wanted: Set = [
        "recipe.yaml", "prompts/generate.mustache", "factors.yaml", "strategies.yaml",
      ]
      #expect(names.isSuperset(of: wanted))
      #expect(names.contains { $0.hasPrefix("taxonomies/") })
      let subjects = try #require(statement["subject"]?.array)
      #expect(
        subjects.first { $0["name"] == "Dataset-Digest" }?["digest"]?["sha256"]?.string
          == (try await dataset.datasetDigest()))
      #expect(subjects.contains { $0["name"] == "samples" })
    }
  }
}
