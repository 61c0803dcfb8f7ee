import Foundation
import TestSupport
import Testing

/// Pushes over a path to a bare repository with Stemma's hook, as to any git server.
@Suite("pushes to a server", .serialized)
struct ReceiveTests {
  @Test("what Stemma makes passes: runs, edits, rollbacks, compactions, tags, merges, deletions")
  func good() async throws {
    try await withHookedServer { dataset in
      let recipe = try dataset.read("recipe.yaml")
      try dataset.write(
        recipe.replacing("samples: 8", with: "samples: 12"), to: "recipe.yaml")
      try await dataset.stemma("run")
      try await dataset.expectHooked("stemma push")
      try await dataset.expectHooked("stemma rollback HEAD~1 && stemma push")
      try await dataset.expectHooked(
        "echo note >> README.md && git commit -qam note && git push -q origin HEAD:refs/heads/side")
      try await dataset.expectHooked("git tag -a -m tag v1 && git push -q origin v1")
      // Other critics: verdicts are removed and made anew.
      try dataset.write(
        recipe.replacing("samples: 8", with: "samples: 12")
          .replacing(/(?m)^  refine: .*$/, with: "  refine: 3"), to: "recipe.yaml")
      try await dataset.stemma("run")
      try await dataset.stemma("compact")
      try await dataset.expectHooked("stemma push")
      // Critics that are switched on judge nothing before the next run.
      let text = try dataset.read("recipe.yaml")
      #expect(text.contains("double: ask"))
      try dataset.write(text.replacing("double: ask", with: "double: solve"), to: "recipe.yaml")
      try await dataset.expectHooked("git commit -qam critics && git push -q origin main")
      try await dataset.stemma("run")
      try await dataset.expectHooked("stemma push")
      try await dataset.expectHooked("git push -q origin :side")
      let copy = try await hookedShell(
        "stemma clone server.git copy && cd copy && stemma verify && git status --porcelain",
        in: dataset.directory.deletingLastPathComponent())
      #expect(copy.exitCode == 0, "\(copy.errorText)")
    }
  }

  @Test("branches that were made in different ways merge, by git and by Stemma, and pass")
  func merges() async throws {
    try await withHookedServer { dataset in
      try await dataset.stemma("checkout", "-b", "plain")
      // No critics: its samples need no verdicts, also where they meet others that do.
      try await dataset.stemma("run", "--arm", "baseline")
      try await dataset.expectHooked("stemma push")
      try await dataset.stemma("checkout", "main")
      try await dataset.stemma("run", "--samples", "10")
      try await dataset.expectHooked(
        "stemma push && git checkout -q -b joined && git merge -q --no-edit plain && git push -q origin joined"
      )
      try await dataset.expectHooked("stemma push")
      try await dataset.stemma("checkout", "main")
      try await dataset.expectHooked("stemma merge plain && stemma push")
      try await dataset.stemma("run")
      try await dataset.expectHooked("stemma push && stemma compact && stemma push")
    }
  }

  @Test("records must come from somewhere")
  func provenance() async throws {
    try await withHookedServer { dataset in
      let nowhere = String(repeating: "ab", count: 32)
      try await dataset.expectRefusedPushes(
        [
          (
            #"lines samples | head -n 1 | sed 's/"slot":[0-9]*/"slot":900/' > ../new; add samples"#,
            "it has no accepting verdict of"
          ),
          (
            #"lines samples | head -n 1 | sed 's/"call":"[0-9a-f]*"/"call":"\#(nowhere)"/' > ../new"#
              + "; add samples",
            "its call 'abababababab' is nowhere"
          ),
          (
            #"lines samples | head -n 1 | sed 's/"meta-prompt":"[0-9a-f]*"/"meta-prompt":"\#(nowhere)"/'"#
              + " > ../new; add samples",
            "its meta-prompt 'abababababab' is not in the version"
          ),
          ("git rm -q -r --cached --sparse verdicts", "it has no accepting verdict of"),
          ("git rm -q -r --cached --sparse mixes", "is not in the version"),
          ("git rm -q -r --cached --sparse meta-prompts", "is not in the version"),
          (
            // Tombstones for all verdicts.
            """
            lines verdicts | while read -r l; do printf 'verdicts\\0001\\000%s' "$l" | sha256sum; done \
            | sed 's/^\\(................................................................\\).*/\
            {"reason":"x","record":"\\1","run":"x"}/' > ../new; add tombstones
            """, "it has no accepting verdict of"
          ),
        ])
      // The hint says what to do, and the log of a push is short.
      let output = try await dataset.hooked(
        HostilePush.script("git rm -q -r --cached --sparse verdicts"))
      #expect(output.errorText.contains("hint: 'stemma run' judges"))
      #expect(output.errorText.contains("and 3 more like these"))
      // A sample and its verdicts go, and the sample alone comes back.
      let tombstones = """
        ids() { lines "$1" | while read -r l; do printf '%s\\0001\\000%s' "$1" "$l" | sha256sum; done \
          | cut -c 1-64; }
        for k in samples verdicts; do ids $k; done | sed 's/.*/{"reason":"x","record":"&","run":"x"}/' \
          > ../new; cp ../new ../gone; add tombstones
        """
      try await dataset.expectHooked(
        HostilePush.script(tombstones) + "\ngit fetch -q && git reset -q --hard origin/main")
      try await dataset.expectRefusedPushes(
        [
          (
            """
            head -n 1 ../gone | while read -r l; do printf 'tombstones\\0001\\000%s' "$l" | sha256sum; done \
              | cut -c 1-64 | sed 's/.*/{"revives":"&","run":"y"}/' > ../new; add tombstones
            """, "it has no accepting verdict of"
          )
        ])
    }
  }

  @Test("a sample that nobody judged does not come to life by the end of its tombstone")
  func lostTombstone() async throws {
    try await withHookedServer { dataset in
      let dead = """
        lines samples | head -n 1 | sed 's/"slot":[0-9]*/"slot":900/' > ../new; cp ../new ../line; add samples
        printf 'samples\\0001\\000%s' "$(cat ../line)" | sha256sum | cut -c 1-64 \
          | sed 's/.*/{"reason":"x","record":"&","run":"x"}/' > ../new; add tombstones
        echo "tombstones/$(echo "$d" | cut -c 1-2)/$d.jsonl.zst" > ../path
        """
      try await dataset.expectHooked(
        HostilePush.script(dead) + "\ngit fetch -q && git reset -q --hard origin/main")
      try await dataset.expectRefusedPushes(
        [
          (
            #"git update-index --force-remove "$(cat ../path)""#, "it has no accepting verdict of"
          )
        ])
    }
  }

  @Test("answers travel first, unless the server does without")
  func answers() async throws {
    try await withSums { dataset in
      try await dataset.git("init", "-q", "--bare", "../server.git")
      try await dataset.stemma("hook", "install", "-C", "../server.git", "--server")
      try await dataset.git("remote", "add", "origin", "../server.git")
      let output = try await dataset.hooked("git push -q origin main")
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("note: the answers behind"))
      #expect(output.errorText.contains("hint: 'stemma push' sends them"))
      #expect(output.errorText.contains("remote: hint: 'stemma push' sends the answers first"))
      #expect(try await dataset.serverReferences() == "")
      // Nothing is wrong with the history, however long it is.
      try await dataset.stemma("run", "--samples", "9")
      let longer = try await dataset.hooked("git push -q --no-verify origin main")
      #expect(longer.errorText.contains("remote: hint: 'stemma push' sends the answers first"))
      #expect(!longer.errorText.contains("in place of all"), "\(longer.errorText)")
      #expect(!longer.errorText.contains("--orphan"), "\(longer.errorText)")
      // Both at once will do.
      try await dataset.expectHooked(
        "git push -q origin main 'refs/stemma/calls/*:refs/stemma/calls/*'")
      try await dataset.git("init", "-q", "--bare", "../open.git")
      try await dataset.stemma("hook", "install", "-C", "../open.git", "--server")
      try await dataset.git("-C", "../open.git", "config", "stemma.requireCalls", "false")
      try await dataset.expectHooked("git push -q ../open.git main")
    }
  }

  @Test("artifacts are what their names say, and nothing else lies beside them")
  func places() async throws {
    try await withHookedServer { dataset in
      let digest = String(repeating: "cd", count: 32)
      let blob = "b=$(echo text | git hash-object -w --stdin)"
      try await dataset.expectRefusedPushes(
        [
          (
            "put $(git rev-parse HEAD:$(shard samples)) samples/cd/\(digest).jsonl.zst",
            "its bytes do not hash to its name"
          ),
          ("lines mixes | sed 's/{/{ /' > ../new; add mixes", "is not canonical JSON"),
          ("lines mixes | sed p > ../new; add mixes", "it holds a record twice"),
          (
            #"echo '{"reason":"x","record":"x","run":"x"}' | sed p > ../new; add tombstones"#,
            "it holds a record twice"
          ),
          ("echo text > ../new; add verdicts", "is not JSON"),
          ("printf '{}' > ../new; add verdicts", "a shard's last line does not end"),
          ("\(blob); put $b samples/readme.txt", "only shards can be there"),
          ("\(blob); put $b samples/cd/\(digest).json.zst", "only shards can be there"),
          ("\(blob); put $b growth/cd/\(digest).jsonl.zst", "only artifacts can be there"),
          ("\(blob); put $b calls/cd/\(digest).jsonl.zst", "calls are kept in refs/stemma/calls/"),
          ("\(blob); put $b Samples/x", "where case does not count it would be 'samples'"),
          ("\(blob); put $b recipe.yaml", "recipe.yaml"),
          ("git rm -q --cached dataset.json", "its 'dataset.json' is missing"),
          (
            "\(blob); git update-index --add --cacheinfo 120000,$b,samples/ab/link",
            "it is a link, and a dataset has plain files there"
          ),
          (
            "git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),verdicts/sub",
            "it is a submodule"
          ),
        ])
    }
  }

  @Test("objects that are huge, or unpack to such, in little memory")
  func huge() async throws {
    try await withHookedServer { dataset in
      let hooks = dataset.directory.appending(path: "../server.git/hooks/pre-receive")
      let script = try String(contentsOf: hooks, encoding: .utf8)
      let measured = "| /usr/bin/time -a -o ../rss -f %M stemma hook"
      try Data(script.replacing("| stemma hook", with: measured).utf8).write(to: hooks)
      let digest = String(repeating: "cd", count: 32)
      let put = "put \"$b\" imports/cd/\(digest).jsonl.zst"
      try await dataset.expectRefusedPushes(
        [
          (
            "b=$(head -c 300000000 /dev/zero | git -c core.compression=1 hash-object -w --stdin); \(put)",
            "it has 300000000 bytes, at most 268435456 are taken"
          ),
          (
            "b=$(head -c 600000000 /dev/zero | zstd -q -1 | git hash-object -w --stdin); \(put)",
            "not one zstd frame with its content size"
          ),
          (
            "b=$(head -c 600000000 /dev/zero | zstd -q -1 --stream-size=600000000 "
              + "| git hash-object -w --stdin); \(put)", "is beyond what is read"
          ),
          (
            "b=$(head -c 200000000 /dev/zero | zstd -q -1 --stream-size=200000000 "
              + "| git hash-object -w --stdin); \(put)", "its bytes do not hash to its name"
          ),
        ])
      let sizes = try dataset.read("../rss").split(separator: "\n").compactMap { Int($0) }
      #expect(sizes.count >= 4)
      // In kilobytes; the last one holds 200 MB at once, as any reader would.
      #expect(sizes.prefix(3).allSatisfy { $0 < 150_000 }, "\(sizes)")
      #expect(sizes.allSatisfy { $0 < 450_000 }, "\(sizes)")
    }
  }

  @Test("trees with names that lead elsewhere, or nested without end")
  func trees() async throws {
    try await withHookedServer { dataset in
      let git = dataset.git
      let before = try await dataset.serverReferences()
      let blob = try await git("hash-object", "-w", "--stdin", input: Array("harm\n".utf8)).text
      var trees: [(tree: String, message: String)] = []
      for name in ["..", ".git", ".GIT", "a/b", "git~1", ".g\u{200C}it"] {
        let inner = try await HostileObjects.tree(git, [("100644", "harm", blob)])
        let present = try await HostileObjects.entries(git, "HEAD").filter { $0.name != name }
        trees.append(
          (try await HostileObjects.tree(git, present + [("40000", name, inner)]), "unsafe name"))
      }
      let path = String(repeating: "a/", count: 1000) + "f"
      let deep =
        "commit refs/heads/deep\ncommitter A <a@b> 1 +0000\ndata 1\nx\n"
        + "from \(try await dataset.head())\nM 100644 \(blob) \(path)\n\n"
      try await git("fast-import", "--quiet", input: Array(deep.utf8))
      trees.append((try await git("rev-parse", "deep^{tree}").text, "too deep or too many"))
      for (tree, message) in trees {
        let commit = try await git("commit-tree", "-p", "HEAD", "-m", "hostile", tree).text
        let push = "git push -q --no-verify origin \(commit):refs/heads/main"
        try await dataset.expectRefusal(push, message)
        try await dataset.expectRefusal(push, "remote: stemma: push refused")
        #expect(try await dataset.serverReferences() == before)
        // The side that pushes says so too.
        try await dataset.expectRefusal("git push -q origin \(commit):refs/heads/main", message)
      }
    }
  }

  @Test("objects that are missing")
  func missing() async throws {
    try await withHookedServer { dataset in
      let before = try await dataset.serverReferences()
      let absent = String(repeating: "1", count: 40)
      let script = """
        set -e
        export GIT_INDEX_FILE="$PWD/../hostile-index"
        git read-tree HEAD
        git update-index --add --cacheinfo 100644,\(absent),notes.txt
        tree=$(git write-tree --missing-ok)
        commit=$(git commit-tree -p HEAD -m hostile "$tree")
        printf '%s\\n' "$commit" "$tree" | git pack-objects -q --stdout > ../pack
        git -C ../server.git unpack-objects -q < ../pack
        ! git push -q origin "$commit:refs/heads/main" || exit 1
        cd ../server.git
        unset GIT_INDEX_FILE
        ! echo "$(git rev-parse main) $commit refs/heads/main" | stemma hook pre-receive
        """
      let output = try await dataset.expectHooked(script)
      #expect(
        output.errorText.contains("stemma: notes.txt in commit"), "\(output.errorText)")
      #expect(output.errorText.contains("push refused"))
      #expect(try await dataset.serverReferences() == before)
    }
  }

  @Test("recorded calls are never taken back, and answer the request that they name")
  func calls() async throws {
    try await withHookedServer { dataset in
      let before = try await dataset.serverReferences()
      let name = try #require(
        try await dataset.git("for-each-ref", "--format=%(refname)", "refs/stemma/calls").lines
          .first)
      try await dataset.expectRefusal(
        "git push -q origin '+\(name)~1:\(name)'", "the history of calls does not go on from")
      try await dataset.expectRefusal(
        "git push -q origin ':\(name)'", "the history of calls cannot be deleted")
      try await dataset.expectRefusal(
        "git push -q origin HEAD:refs/stemma/calls/a_b", "this is no name of a writer of calls")
      try await dataset.expectRefusal(
        "git push -q origin HEAD:refs/stemma/calls/x", "this is no shard of calls or drops")
      try await dataset.expectRefusal(
        "git push -q origin HEAD:refs/replace/\(try await dataset.head())",
        "references of this name are not taken")
      let forged = """
        set -e
        export GIT_INDEX_FILE="$PWD/../hostile-index"
        git read-tree \(name)
        p=$(git ls-files calls | head -n 1)
        git cat-file blob "\(name):$p" | zstd -dc | head -n 1 | CHANGE > ../new
        d=$(sha256sum < ../new | cut -c 1-64)
        zstd -q -f ../new
        f="calls/$(echo "$d" | cut -c 1-2)/$d.jsonl.zst"
        git update-index --add --cacheinfo "100644,$(git hash-object -w ../new.zst),$f"
        REMOVE
        commit=$(git commit-tree -p \(name) -m calls "$(git write-tree)")
        git update-ref refs/heads/forged "$commit"
        git push -q --no-verify origin "$commit:\(name)"
        """
      func forge(_ change: String, _ removal: String = "") -> String {
        forged.replacing("CHANGE", with: change).replacing("REMOVE", with: removal)
      }
      let other = #"sed 's/"draw":"/"draw":"x/'"#
      try await dataset.expectRefusal(forge(other), "its key is not that of its request")
      try await dataset.expectRefusal(
        forge(other, "git update-index --force-remove \"$p\""),
        "a commit of calls takes answers away")
      // Also with other usage it is the same call.
      let usage = #"sed 'p; s/"usage":{"input":[0-9]*/"usage":{"input":77777/'"#
      for change in ["sed p", usage] {
        try await dataset.expectRefusal(forge(change), "it holds a record twice")
        try await dataset.git("update-ref", name, "forged")
        let verified = try await dataset.stemma.run(["verify"])
        #expect(verified.exitCode == 5, "\(change)")
        #expect(verified.text.contains("it holds a record twice"), "\(verified.text)")
        try await dataset.git("update-ref", name, "forged~1")
      }
      #expect(try await dataset.serverReferences() == before)
    }
  }
}

/// Objects that git itself would not make.
enum HostileObjects {
  typealias Entry = (mode: String, name: String, id: String)

  /// The entries of a revision's tree.
  static func entries(_ git: GitProgram, _ revision: String) async throws -> [Entry] {
    try await git("ls-tree", revision).lines.map { line in
      let parts = line.split(whereSeparator: \.isWhitespace).map(String.init)
      return (parts[0] == "040000" ? "40000" : parts[0], parts[3], parts[2])
    }
  }

  /// Writes a tree, whatever its names are.
  static func tree(_ git: GitProgram, _ entries: [Entry]) async throws -> String {
    let sorted = entries.sorted {
      ($0.mode == "40000" ? $0.name + "/" : $0.name)
        < ($1.mode == "40000" ? $1.name + "/" : $1.name)
    }
    var bytes: [UInt8] = []
    for entry in sorted {
      bytes += Array("\(entry.mode) \(entry.name)\0".utf8)
      bytes += stride(from: 0, to: 40, by: 2).map { place in
        let start = entry.id.index(entry.id.startIndex, offsetBy: place)
        return UInt8(entry.id[start..<entry.id.index(start, offsetBy: 2)], radix: 16) ?? 0
      }
    }
    return try await git(
      "hash-object", "-t", "tree", "-w", "--stdin", "--literally", input: bytes
    ).text
  }
}
