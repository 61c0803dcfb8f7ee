import Foundation
import TestSupport
import Testing

@Suite("recorded answers outlive their remote", .serialized)
struct ShareLossTests {
  /// How a remote loses answers that it had.
  enum Loss: String, CaseIterable, CustomTestStringConvertible {
    case rewound, deleted, replaced, madeAnew
    var testDescription: String { rawValue }
  }

  private struct Team {
    let a: TestDataset
    let b: TestDataset
    let remote: GitProgram
    let larger: TestRecipe
  }

  /// Two machines and a remote: `a` pushed twice, and `b` has it all.
  private func withTeam(_ test: (Team, SimulaScript) async throws -> Void) async throws {
    let script = SimulaScript(wrongShare: 0.2)
    try await withServerDataset(script, { $0.samples = 3 }) { a, recipe, _ in
      let parent = a.directory.deletingLastPathComponent()
      try await GitProgram(in: parent)("init", "-q", "--bare", "-b", "main", "remote.git")
      try await a.git("remote", "add", "origin", "../remote.git")
      try await a.run()
      try await a.stemma("push")
      try await StemmaProgram(in: parent)("clone", "remote.git", "b")
      let b = TestDataset(at: parent.appending(path: "b", directoryHint: .isDirectory))
      var larger = recipe
      larger.samples = 6
      try a.write(larger)
      try await a.run()
      try await a.stemma("push")
      try await b.stemma("pull")
      try await test(
        Team(
          a: a, b: b, remote: GitProgram(in: parent.appending(path: "remote.git")), larger: larger),
        script)
    }
  }

  private func lose(_ loss: Loss, _ team: Team) async throws {
    let name = try await team.remote("for-each-ref", "--format=%(refname)", "refs/stemma").text
    switch loss {
    case .rewound: try await team.remote("update-ref", name, "\(name)~1")
    case .deleted: try await team.remote("update-ref", "-d", name)
    case .replaced:
      let commit = try await team.remote("commit-tree", "\(name)~1^{tree}", "-m", "other").text
      try await team.remote("update-ref", name, commit)
    case .madeAnew:
      for reference in try await team.remote("for-each-ref", "--format=%(refname)").lines {
        try await team.remote("update-ref", "-d", reference)
      }
    }
    try await team.remote("gc", "-q", "--prune=now")
  }

  @Test(
    "nothing is lost by any fetch, and the next push of either machine gives it back",
    arguments: Loss.allCases, [false, true])
  func loss(loss: Loss, isOther: Bool) async throws {
    try await withTeam { team, script in
      let side = isOther ? team.b : team.a
      let lines = Set(try await side.callLines())
      try await lose(loss, team)
      try await side.git("fetch", "-q", "origin")
      try await side.git("fetch", "-q", "--prune", "origin")
      if loss != .madeAnew { try await side.stemma("pull") }
      #expect(Set(try await side.callLines()).isSuperset(of: lines))
      try await side.git("reflog", "expire", "--expire=now", "--all")
      try await side.git("gc", "-q", "--prune=now")
      #expect(Set(try await side.callLines()).isSuperset(of: lines))
      // Git's own note of which branch was the remote's, when that has none now.
      _ = try await side.git.run(["remote", "set-head", "origin", "--delete"])
      try await side.expectSound()
      try await side.stemma("push")
      let fresh = try await StemmaProgram(in: side.directory.deletingLastPathComponent()).run(
        ["clone", "remote.git", "fresh"])
      #expect(fresh.exitCode == 0, "\(fresh.errorText)")
      let copy = TestDataset(
        at: side.directory.deletingLastPathComponent().appending(
          path: "fresh", directoryHint: .isDirectory))
      #expect(Set(try await copy.callLines()).isSuperset(of: lines))
      // Even from nothing but the recipe.
      let start = try await copy.git("rev-list", "--max-parents=0", "HEAD").text
      try await copy.git("reset", "-q", "--hard", start)
      try copy.write(team.larger)
      let asked = script.requestCount
      #expect(try await copy.run().asked == 0 && script.requestCount == asked)
      // Pushing again sends nothing more.
      let references = try await team.remote("for-each-ref", "refs/stemma").text
      try await side.stemma("push")
      #expect(try await team.remote("for-each-ref", "refs/stemma").text == references)
      try await copy.expectSound()
    }
  }

  @Test("a copied folder pushes the answers of the original, which never pushed any")
  func copiedFolder() async throws {
    let script = SimulaScript()
    try await withServerDataset(script, { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      let parent = dataset.directory.deletingLastPathComponent()
      let result = try await shell("cp -a sums copy && rm -rf sums", in: parent)
      #expect(result.exitCode == 0)
      let copy = TestDataset(at: parent.appending(path: "copy", directoryHint: .isDirectory))
      try await GitProgram(in: parent)("init", "-q", "--bare", "-b", "main", "remote.git")
      try await copy.git("remote", "add", "origin", "../remote.git")
      let lines = Set(try await copy.callLines())
      try await copy.stemma("push")
      try await StemmaProgram(in: parent)("clone", "remote.git", "fresh")
      let fresh = TestDataset(at: parent.appending(path: "fresh", directoryHint: .isDirectory))
      #expect(Set(try await fresh.callLines()) == lines && !lines.isEmpty)
    }
  }
}
