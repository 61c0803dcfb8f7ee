import Foundation
import TestSupport
import Testing

/// Each commit of a push must hold by itself, whatever others make of it.
@Suite("histories that are pushed to a server", .serialized)
struct ReceiveHistoryTests {
  private static let missing = "it has no accepting verdict of"

  /// A commit whose sample nobody judged, and one after it that has what was there before.
  private static let hidden = """
    forge 900
    bad=$(save -p HEAD)
    good=$(git commit-tree -p "$bad" -m good 'HEAD^{tree}')
    """

  @Test("a commit that does not hold is refused below one that does, and as whatever follows")
  func hidden() async throws {
    try await withHookedServer { dataset in
      func refuse(_ script: String, _ messages: String...) async throws {
        for message in messages + [Self.missing] {
          try await dataset.expectRefusal(
            ofPush: HostilePush.history("\(Self.hidden)\n\(script)"), message)
        }
      }
      // The first of two pushes, by any reference, and as the side that pushes sees it.
      try await refuse(
        #"push "$good:refs/heads/main""#, "in commit", "each commit of a push must hold",
        "git reset --soft \(try await dataset.head().prefix(12))")
      try await refuse(
        #"git tag -a -m x hidden "$good"; git tag -d hidden; push "$good:refs/tags/x""#)
      try await refuse(#"push "$bad:refs/tags/bad" "$good:refs/heads/main""#)
      try await refuse(#"push HEAD:refs/heads/other "$good:refs/heads/main""#)
      try await dataset.expectRefusal(
        HostilePush.history("\(Self.hidden)\ngit push -q origin \"$good:refs/heads/main\""),
        "stemma: push refused")
      // Objects of refused pushes count for nothing.
      try await refuse(#"push "$bad:refs/heads/bad""#)
      try await refuse(
        #"push "$(git commit-tree -p HEAD -m again "$bad^{tree}"):refs/heads/main""#)
      try await refuse(
        #"push "$(git commit-tree -p HEAD -p "$bad" -m ours 'HEAD^{tree}'):refs/heads/main""#)
      try await refuse(
        #"push "$(git commit-tree -p HEAD -p "$bad" -m theirs "$bad^{tree}"):refs/heads/main""#)
      // A history of its own begins with what does not hold.
      try await refuse(
        #"root=$(git commit-tree -m root "$bad^{tree}"); "#
          + #"push "$(git commit-tree -p "$root" -m x 'HEAD^{tree}'):refs/heads/own""#,
        "git checkout --orphan")
    }
  }

  @Test("in the middle of a chain it is named, and one commit in its place passes")
  func chain() async throws {
    try await withHookedServer { dataset in
      let base = try await dataset.head()
      let chain = HostilePush.history(
        """
        tip=HEAD
        for n in 1 2 3 4 5; do
          echo "$n" > ../note; put "$(git hash-object -w ../note)" notes.txt
          if [ $n = 3 ]; then forge 900; id=$(ids samples < ../new | cut -c 1-12); fi
          if [ $n = 4 ]; then git read-tree HEAD; fi
          tip=$(save -p $tip)
          if [ $n = 3 ]; then third=$(echo "$tip" | cut -c 1-12); fi
        done
        echo "sample $id in commit $third" > ../bad
        git update-ref refs/heads/chain "$tip"
        """)
      try await dataset.expectHooked(chain)
      let bad = try dataset.read("../bad").split(separator: "\n").map(String.init)
      try await dataset.expectRefusal(
        ofPush: "git push -q --no-verify origin chain", try #require(bad.first), Self.missing,
        "hint: one commit in place of all since then")
      let hint = try #require(
        try await dataset.hooked("git push -q --no-verify origin chain").errorText
          .firstMatch(of: /git reset --soft [0-9a-f]+/)
      ).output
      try await dataset.expectHooked(
        "git checkout -q chain && \(hint) && git commit -qm together && git push -q origin chain")
      // Two that hold, and one in place of three.
      #expect(try await dataset.git("rev-list", "--count", "\(base)..chain").text == "3")
    }
  }

  @Test("what another branch may have without verdicts must be judged where critics are")
  func otherCritics() async throws {
    try await withHookedServer { dataset in
      // A branch without critics takes the sample, one with them does not, nor does it as a tree of both.
      let side = """
        git cat-file blob HEAD:recipe.yaml | sed 's/^critics:/arm: global\\ncritics:/' > ../recipe
        put "$(git hash-object -w ../recipe)" recipe.yaml
        forge 900
        side=$(save -p HEAD)
        git read-tree HEAD
        forge 900
        main=$(save -p HEAD)
        """
      let both = HostilePush.history(
        "\(side)\npush \"$side:refs/heads/a\" \"$main:refs/heads/main\"")
      try await dataset.expectRefusal(ofPush: both, Self.missing)
      try await dataset.expectHooked(HostilePush.history("\(side)\npush \"$side:refs/heads/a\""))
      try await dataset.expectRefusal(ofPush: both, Self.missing)
    }
  }

  @Test("a removed sample does not come to life where its removal is not known")
  func beforeRemoval() async throws {
    try await withHookedServer { dataset in
      let dead = """
        forge 900
        ids samples < ../new | sed 's/.*/{"reason":"x","record":"&","run":"x"}/' > ../dead
        cp ../dead ../new; add tombstones
        """
      try await dataset.expectHooked(HostilePush.script(dead))
      try await dataset.expectRefusal(
        ofPush: HostilePush.history("forge 900\npush \"$(save -p HEAD):refs/heads/other\""),
        Self.missing)
      // Dead verdicts on a branch without critics, and their samples on another: both together have none.
      let verdicts = """
        git cat-file blob HEAD:recipe.yaml | sed 's/^critics:/arm: global\\ncritics:/' > ../recipe
        put "$(git hash-object -w ../recipe)" recipe.yaml
        lines verdicts | ids verdicts | sed 's/.*/{"reason":"x","record":"&","run":"x"}/' > ../new
        git ls-tree -r --name-only HEAD samples | git update-index --force-remove --stdin
        add tombstones
        """
      let join = """
        \(verdicts)
        side=$(save -p HEAD)
        git read-tree HEAD; add tombstones
        """
      try await dataset.expectHooked(
        HostilePush.history("\(join)\npush \"$side:refs/heads/side\""))
      try await dataset.expectRefusal(
        ofPush: HostilePush.history(
          "\(join)\npush \"$(save -p HEAD -p \"$side\"):refs/heads/joined\""), Self.missing)
    }
  }

  @Test("texts on the way need not be readable, and those of a branch must be")
  func texts() async throws {
    try await withHookedServer { dataset in
      let broken = """
        echo 'sampels: 3' > ../recipe; put "$(git hash-object -w ../recipe)" recipe.yaml
        """
      let mended = "mended=$(git commit-tree -p \"$broken\" -m mended 'HEAD^{tree}')"
      try await dataset.expectRefusal(
        ofPush: HostilePush.history(
          "\(broken)\nforge 900\nbroken=$(save -p HEAD)\n\(mended)\npush \"$mended:refs/heads/main\""
        ),
        "its recipe or sources cannot be read", "each commit of a push must hold")
      let date = "export GIT_COMMITTER_DATE='@1000000000 +0000' GIT_AUTHOR_DATE='@1000000000 +0000'"
      let good = "\(date)\n\(broken)\nbroken=$(save -p HEAD)\n\(mended)"
      try await dataset.expectHooked(
        HostilePush.history("\(good)\npush \"$mended:refs/heads/main\""))
      try await dataset.expectRefusal(
        ofPush: HostilePush.history("\(good)\npush \"$broken:refs/heads/old\""),
        "unknown key 'sampels'")
    }
  }

  @Test("what a server had before it had the hook is taken as it is")
  func former() async throws {
    try await withSums { dataset in
      try await dataset.git("init", "-q", "--bare", "../server.git")
      try await dataset.git("remote", "add", "origin", "../server.git")
      try await dataset.expectHooked(
        HostilePush.history(
          "\(Self.hidden)\npush \"$good:refs/heads/main\"\ngit update-ref refs/heads/bad \"$bad\""))
      try await dataset.stemma("hook", "install", "-C", "../server.git", "--server")
      try await dataset.expectHooked(
        "git push -q --no-verify origin bad && git fetch -q && git checkout -q -b next origin/main "
          + "&& echo note >> README.md && git commit -qam note && stemma push")
    }
  }

  @Test("many commits and compactions in one push pass")
  func many() async throws {
    try await withHookedServer { dataset in
      for samples in [9, 10, 11] { try await dataset.stemma("run", "--samples", "\(samples)") }
      try await dataset.stemma("compact")
      try await dataset.stemma("run", "--samples", "4")
      try await dataset.stemma("run", "--samples", "12")
      try await dataset.stemma("compact")
      try await dataset.stemma("rollback", "HEAD~3")
      try await dataset.expectHooked(
        "git branch -q old HEAD~2 && stemma push && git push -q origin old")
      // To a server that has nothing.
      try await dataset.git("init", "-q", "--bare", "../empty.git")
      try await dataset.stemma("hook", "install", "-C", "../empty.git", "--server")
      try await dataset.expectHooked(
        "git push -q ../empty.git main old 'refs/stemma/calls/*:refs/stemma/calls/*'")
    }
  }
}
