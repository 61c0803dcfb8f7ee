import Foundation
import Git
import TestSupport
import Testing

@Suite("New commits")
struct NewCommitsTests {
  @Test("a push brings the commits that git's own list has", arguments: 0..<6)
  func agreement(seed: Int) async throws {
    try await withTemporaryDirectory { directory in
      let git = GitProgram(in: directory)
      try await git("init", "-q")
      // Histories with merges, some of them with clocks that run backwards.
      var state = UInt64(seed) &* 0x9E37_79B9 &+ 1
      func random(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % bound
      }
      var input = ""
      for number in 1...60 {
        let time = seed < 3 ? number * 10 : random(600) + 1
        input += "commit refs/heads/b\(number)\nmark :\(number)\n"
        input += "committer A <a@b> \(time) +0000\ndata 1\nx\n"
        if number > 1 {
          let first = max(1, number - 1 - random(5))
          input += "from :\(first)\n"
          let second = random(number - 1) + 1
          if random(3) == 0, second != first { input += "merge :\(second)\n" }
        }
        input += "\n"
      }
      try await git("fast-import", "--quiet", input: Array(input.utf8))
      let repository = try Repository.open(at: directory)
      for _ in 0..<12 {
        let tips = (0..<2).map { _ in "b\(random(60) + 1)" }
        let known = (0..<2).map { _ in "b\(random(60) + 1)" }
        let wanted = try await git.run(["rev-list"] + tips + ["--not"] + known + ["--"]).lines
        let found = try repository.newCommits(
          from: tips.map { try repository.resolve($0) },
          notIn: known.map { try repository.resolve($0) })
        let ids = found.map(\.id.hex)
        #expect(Set(ids).count == ids.count)
        // With wrong clocks there may be more, never less.
        #expect(seed < 3 ? Set(ids) == Set(wanted) : Set(ids).isSuperset(of: wanted))
        var seen = Set<ObjectID>()
        let all = Set(found.map(\.id))
        for commit in found {
          #expect(commit.parents.allSatisfy { !all.contains($0) || seen.contains($0) })
          seen.insert(commit.id)
        }
      }
    }
  }
}
