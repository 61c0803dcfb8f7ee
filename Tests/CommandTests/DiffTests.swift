import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma diff", .serialized)
struct DiffTests {
  /// The values of the live records of a kind by their ids.
  private func records(
    _ kind: String, of dataset: TestDataset, at revision: String
  ) async throws -> [String: JSON] {
    var records: [String: JSON] = [:]
    for object in try await dataset.objects("list", kind, "--at", revision) {
      records[try #require(object["id"]?.string)] = object["value"]
    }
    return records
  }

  @Test("branches and flips are those that all records of both versions tell")
  func knownTruth() async throws {
    let script = SimulaScript(wrongShare: 0.3, rejectedShare: 0.2)
    try await withServerDataset(script, { $0.samples = 8 }) { dataset, _, _ in
      try await dataset.run()
      // Other questions to the critics: the same drafts are judged anew.
      for task in ["ask-correct", "ask-incorrect", "judge-requirements"] {
        let path = "prompts/\(task).mustache"
        try dataset.write(try dataset.read(path) + "\nThink well.\n", to: path)
      }
      try await dataset.run()
      let revisions = ["HEAD~1", "HEAD"]
      let summary = try #require(
        try await dataset.objects("diff", "HEAD~1", "HEAD").first {
          $0["type"]?.string == "summary"
        })

      var samples: [[String: JSON]] = []
      var drafts: [Set<String>] = []
      var outcomes: [[String: String]] = []
      var branches: [[String: Int]] = []
      for revision in revisions {
        let own = try await records("samples", of: dataset, at: revision)
        samples.append(own)
        drafts.append(
          Set(
            try await records("rejections", of: dataset, at: revision).values
              .compactMap { $0["sample"]?.string }))
        var found: [String: String] = [:]
        for verdict in try await records("verdicts", of: dataset, at: revision).values {
          let question = [
            verdict["sample"]?.string, verdict["role"]?.string, verdict["round"]?.text,
          ].compactMap(\.self).joined(separator: " ")
          found[question] = verdict["outcome"]?.string
        }
        outcomes.append(found)
        let prompts = try await records("meta-prompts", of: dataset, at: revision)
        let mixes = try await records("mixes", of: dataset, at: revision)
        branches.append(
          try counts(own, prompts, mixes, try await paths(of: dataset, at: revision)))
      }
      let gone = Set(samples[0].keys).subtracting(samples[1].keys)
      let new = Set(samples[1].keys).subtracting(samples[0].keys)
      let flips = try #require(summary["flips"])
      #expect(
        flips["rejected"]?.int == gone.count { drafts[1].contains($0) && !drafts[0].contains($0) })
      #expect(
        flips["accepted"]?.int == new.count { drafts[0].contains($0) && !drafts[1].contains($0) })
      #expect(
        flips["outcomes"]?.int
          == outcomes[1].count { key, outcome in outcomes[0][key].map { $0 != outcome } ?? false })
      #expect((flips["outcomes"]?.int ?? 0) + (flips["rejected"]?.int ?? 0) > 0)

      // What one version has more of than the other in a branch.
      for branch in try #require(summary["branches"]?.array) {
        let name = try #require(branch["name"]?.string)
        let difference = (branch["added"]?.int ?? 0) - (branch["removed"]?.int ?? 0)
        #expect(difference == (branches[1][name] ?? 0) - (branches[0][name] ?? 0), "\(name)")
      }
      #expect(gone.isEmpty == (summary["branches"]?.array?.isEmpty == true))
      let short = try await dataset.stemma("diff", "--stat").text
      #expect(!short.contains("branch") && !short.contains("flips") && short.contains("samples"))
    }
  }

  /// How many samples each branch has.
  private func counts(
    _ samples: [String: JSON], _ prompts: [String: JSON], _ mixes: [String: JSON],
    _ paths: [String: String]
  ) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for sample in samples.values {
      let prompt = try #require(prompts[sample["meta-prompt"]?.string ?? ""])
      let mix = try #require(mixes[prompt["mix"]?.string ?? ""])
      let nodes = mix["nodes"]?.array?.compactMap(\.string) ?? []
      for name in Set(nodes.compactMap { paths[$0] }) { counts[name, default: 0] += 1 }
    }
    return counts
  }

  /// The branch of each node by its id, as traces tell it.
  private func paths(of dataset: TestDataset, at revision: String) async throws -> [String: String]
  {
    var paths: [String: String] = [:]
    func collect(_ node: JSON) {
      if node["relation"]?.string == "taxonomy node", let path = node["content"]?["path"]?.string {
        paths[node["id"]?.string ?? ""] =
          path.components(separatedBy: " > ").prefix(2).joined(separator: " > ")
      }
      for cause in node["causes"]?.array ?? [] { collect(cause) }
    }
    for id in try await records("samples", of: dataset, at: revision).keys {
      for object in try await dataset.objects("trace", id, "--at", revision) {
        collect(try #require(object["root"]))
      }
    }
    try #require(!paths.isEmpty)
    return paths
  }
}
