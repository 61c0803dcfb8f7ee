import Foundation
import TestSupport
import Testing

/// What is dead by tombstones that are added, or by revivals that go.
@Suite("removals that are pushed to a server", .serialized)
struct ReceiveRemovalTests {
  /// Tombstones of what the records of a kind name.
  private static func remove(_ member: String, of kind: String, _ filter: String = "cat") -> String
  {
    """
    all \(kind) | \(filter) | sed -n 's/.*"\(member)":"\\([0-9a-f]*\\)".*/\\1/p' | sort -u \
      | sed 's/.*/{"reason":"x","record":"&","run":"x"}/' > ../new
    test -s ../new; add tombstones
    """
  }

  @Test("what a live record names is not removed")
  func named() async throws {
    try await withHookedServer { dataset in
      let prompt = Self.remove("meta-prompt", of: "samples", "head -n 1")
      let mix = Self.remove("mix", of: "meta-prompts", "head -n 1")
      try await dataset.expectRefusedPushes([
        (prompt, "is removed by this commit"), (prompt, "its meta-prompt '"),
        (prompt, "hint: what names it must be removed with it"), (mix, "its mix '"),
      ])
      // Nor by the commit that a history begins with, or one that joins two.
      try await dataset.expectRefusal(
        ofPush: HostilePush.history("\(prompt)\npush \"$(save):refs/heads/own\""),
        "its meta-prompt '")
      try await dataset.expectRefusal(
        ofPush: HostilePush.history(
          """
          side=$(git commit-tree -p HEAD -m side 'HEAD^{tree}')
          \(prompt)
          push "$(save -p HEAD -p "$side"):refs/heads/main"
          """), "its meta-prompt '")
    }
  }

  @Test("what verdicts judge is not taken away, nor is there a verdict on nothing")
  func judged() async throws {
    try await withHookedServer { dataset in
      // So that there are drafts which critics refused.
      try await dataset.expectHooked("stemma run --samples 40 && stemma push")
      let sample = #"git update-index --force-remove "$(shard samples)""#
      let nothing = #"""
        lines verdicts | head -n 1 | \
          sed "s/\"sample\":\"[0-9a-f]*\"/\"sample\":\"$(printf '5a%.0s' $(seq 32))\"/" > ../new
        """#
      try await dataset.expectRefusedPushes([
        (sample, "its sample '"), (sample, "is not in the version, nor a rejection"),
        (sample, "hint: what judges a sample must be removed with it"),
        ("drop samples", "its sample '"), ("drop rejections", "its sample '"),
        ("\(nothing); add verdicts", "its sample '5a5a5a5a5a5a'"),
        (
          #"lines verdicts | head -n 1 | sed 's/"sample":"[0-9a-f]*"/"sample":""/' > ../new; add verdicts"#,
          "it names no sample"
        ),
      ])
      // Dead ones may be about nothing: they went with what they judged.
      try await dataset.expectHooked(
        HostilePush.script(
          """
          \(nothing); cp ../new ../line
          drop samples; drop rejections; add verdicts
          { all verdicts; cat ../line; } | ids verdicts \
            | sed 's/.*/{"reason":"x","record":"&","run":"x"}/' > ../new; add tombstones
          """))
    }
  }

  @Test("what was removed is not built on, but where branches meet")
  func builtOnDead() async throws {
    try await withHookedServer { dataset in
      // A meta-prompt with all that names it goes.
      let prompt = """
        member() { sed -nE 's/.*"'"$1"'":"([0-9a-f]*)".*/\\1/p'; }
        p=$(lines samples | head -n 1 | member meta-prompt)
        c=$(lines samples | head -n 1 | member call)
        draft() { printf '{"attempt":3,"call":"%s","detail":"x","meta-prompt":"%s","reason":"incorrect",\
        "sample":"","slot":900}\\n' "$c" "$p" > ../new; add rejections; }
        """
      let removal = """
        \(prompt)
        for k in samples rejections meta-prompts; do all $k | { grep -F "$p" || true; } | ids $k; done \
          > ../gone
        all verdicts | grep -F -f ../gone | ids verdicts > ../judged
        cat ../judged >> ../gone; echo "$p" >> ../gone
        sed 's/.*/{"reason":"x","record":"&","run":"x"}/' ../gone > ../new; add tombstones
        """
      try await dataset.expectHooked(
        HostilePush.history(
          """
          \(prompt)
          draft
          push "$(save -p HEAD):refs/heads/side"
          """))
      try await dataset.expectHooked(
        HostilePush.script(removal)
          + "\nunset GIT_INDEX_FILE; git fetch -q && git reset -q --hard origin/main")
      let message = "was removed by an earlier version"
      // The same rejection, and all but the meta-prompt by the end of their tombstones.
      try await dataset.expectRefusedPushes([
        ("\(prompt)\ndraft", "its meta-prompt '"), ("\(prompt)\ndraft", message),
        ("\(prompt)\ndraft", "hint: 'stemma run' removes what names it"),
        (
          """
          \(prompt)
          grep -v "$p" ../gone | sed 's/.*/{"reason":"x","record":"&","run":"x"}/' | ids tombstones \
            | sed 's/.*/{"revives":"&","run":"y"}/' > ../new; add tombstones
          """, message
        ),
      ])
      // Nor in a commit that only looks as if branches met in it.
      try await dataset.expectRefusal(
        ofPush: HostilePush.history(
          """
          \(prompt)
          draft
          push "$(save -p HEAD -p HEAD~1):refs/heads/main"
          """), message)
      // One version has removed it and another one builds on it: the next run makes up for that.
      try await dataset.expectHooked(
        "git merge -q --no-edit origin/side && git push -q origin main && stemma run && stemma push"
      )
      try await dataset.expectSound()
      // And what that version was may come again.
      try await dataset.expectHooked("stemma rollback HEAD~1 && stemma push")
      try await dataset.expectHooked(
        "test \"$(git rev-parse 'HEAD^{tree}')\" = \"$(git rev-parse 'HEAD~2^{tree}')\"")
    }
  }

  @Test("what revivals brought back does not go with them")
  func lostRevivals() async throws {
    try await withHookedServer { dataset in
      let recipe = try dataset.read("recipe.yaml")
      let other = recipe.replacing(/(?m)^  fraction: .*$/, with: "  fraction: 0.8")
      try #require(other != recipe)
      for text in [other, recipe] {
        try dataset.write(text, to: "recipe.yaml")
        try await dataset.stemma("run")
      }
      try await dataset.expectHooked("stemma push")
      func forget(_ kind: String) -> String {
        """
        all \(kind) | ids \(kind) > ../ids
        all tombstones | grep '"record"' | grep -F -f ../ids | ids tombstones > ../removals
        all tombstones | grep -v -F -f ../removals > ../new
        test "$(wc -l < ../new)" -lt "$(all tombstones | wc -l)"
        drop tombstones; add tombstones
        """
      }
      try await dataset.expectRefusedPushes([
        (forget("verdicts"), "it has no accepting verdict of"),
        (forget("meta-prompts"), "its meta-prompt '"),
      ])
    }
  }

  @Test("verify misses what the version lacks, and compaction leaves what is named where it is")
  func compaction() async throws {
    try await withSums { dataset in
      try await dataset.stemma("run", "--samples", "10")
      func commit(_ script: String) async throws {
        try await dataset.expectHooked(
          HostilePush.history(
            "\(script)\ncommit=$(save -p HEAD)\nunset GIT_INDEX_FILE\ngit reset -q --hard $commit"))
      }
      try await dataset.expectSound()
      for kind in ["meta-prompts", "mixes"] {
        // The objects are here, and no part of the version.
        try await commit("drop \(kind)")
        let output = try await dataset.stemma.run(["verify"])
        #expect(output.exitCode == 5)
        #expect(output.text.contains("which is not in the version"), "\(output.text)")
        try await dataset.git("reset", "-q", "--hard", "HEAD~1")
      }
      let before = try await dataset.objects("list", "meta-prompts").count
      try await commit(Self.remove("mix", of: "meta-prompts"))
      try await commit(Self.remove("meta-prompt", of: "samples"))
      try await dataset.stemma("compact")
      #expect(try await dataset.objects("list", "meta-prompts").count < before)
      try await dataset.expectSound()
      // Without the tombstones all of it is there again.
      try await commit("drop tombstones")
      #expect(try await dataset.objects("list", "meta-prompts").count == before)
      try await dataset.expectSound()
    }
  }

  @Test("what one side removed and the other built on passes, and outlives a compaction")
  func merged() async throws {
    try await withHookedServer { dataset in
      let recipe = try dataset.read("recipe.yaml")
      try await dataset.stemma("checkout", "-b", "side")
      try dataset.write(
        recipe.replacing(/(?m)^  fraction: .*$/, with: "  fraction: 0.9"), to: "recipe.yaml")
      try await dataset.stemma("run")
      try await dataset.stemma("checkout", "main")
      try await dataset.expectHooked(
        "echo 'Be brief.' >> prompts/generate.mustache && git commit -qam brief")
      try await dataset.stemma("run")
      try await dataset.expectHooked("git merge -q --no-edit side && stemma push")
      try await dataset.expectSound()
      try await dataset.stemma("compact")
      try await dataset.expectSound()
      try await dataset.expectHooked("stemma push")
      try await dataset.stemma("run")
      try await dataset.expectSound()
      try await dataset.expectHooked("stemma push")
    }
  }

  @Test("what one side has compacted away and the other builds on comes along in a merge")
  func compactedAway() async throws {
    try await withHookedServer { dataset in
      let recipe = try dataset.read("recipe.yaml")
      try await dataset.stemma("checkout", "-b", "side")
      try dataset.write(
        recipe.replacing(/(?m)^  fraction: .*$/, with: "  fraction: 0"), to: "recipe.yaml")
      try await dataset.stemma("run")
      try await dataset.stemma("compact")
      try await dataset.stemma("checkout", "main")
      try await dataset.expectHooked(
        "echo 'Be brief.' >> prompts/generate.mustache && git commit -qam brief")
      try await dataset.stemma("run")
      try await dataset.expectRefusal(
        "git merge -q --no-edit side && stemma push", "take the merge back, 'stemma merge' keeps")
      let damaged = try await dataset.stemma.run(["verify"])
      #expect(damaged.exitCode == 5)
      #expect(damaged.errorText.contains("'stemma undo', then merge with 'stemma merge'"))
      try await dataset.stemma("undo")
      try await dataset.expectSound()
      try await dataset.stemma("merge", "side")
      try await dataset.expectSound()
      try await dataset.expectHooked("stemma push")
      try await dataset.stemma("compact")
      try await dataset.expectSound()
      try await dataset.stemma("run")
      try await dataset.expectSound()
      try await dataset.expectHooked("stemma push")
    }
  }
}
