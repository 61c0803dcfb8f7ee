import Foundation
import TestSupport
import Testing

/// Lends a dataset whose versions a server has, by Stemma's hook.
func withHookedServer(_ test: (TestDataset) async throws -> Void) async throws {
  try await withSums { dataset in
    try await dataset.git("init", "-q", "--bare", "../server.git")
    try await dataset.stemma("hook", "install", "-C", "../server.git", "--server")
    try await dataset.git("remote", "add", "origin", "../server.git")
    try await dataset.expectHooked("stemma push")
    try await test(dataset)
  }
}

/// Scripts that make commits as nobody should, and push them without own hooks.
enum HostilePush {
  /// Changes the index by a script, commits it as a child of HEAD, and pushes that.
  static func script(_ script: String) -> String {
    history("\(script)\ncommit=$(save -p HEAD)\npush \"$commit:refs/heads/main\"")
  }

  /// Runs a script with functions that change an index of its own, which begins as HEAD.
  static func history(_ script: String) -> String {
    """
    set -e
    export GIT_INDEX_FILE="$PWD/../hostile-index"
    rm -f "$GIT_INDEX_FILE"
    git read-tree HEAD
    put() { git update-index --add --cacheinfo "100644,$1,$2"; }
    shard() { git ls-tree -r --name-only HEAD "$1" | head -n 1; }
    lines() { git cat-file blob "HEAD:$(shard "$1")" | zstd -dc; }
    all() { git ls-tree -r --name-only HEAD "$1" | while read -r p; do
      git cat-file blob "HEAD:$p" | zstd -dc; done; }
    drop() { git ls-tree -r --name-only HEAD "$1" | git update-index --force-remove --stdin; }
    add() { d=$(sha256sum < ../new | cut -c 1-64); rm -f ../new.zst; zstd -q ../new
      put "$(git hash-object -w ../new.zst)" "$1/$(echo "$d" | cut -c 1-2)/$d.jsonl.zst"; }
    ids() { while read -r l; do printf '%s\\0001\\000%s' "$1" "$l" | sha256sum; done | cut -c 1-64; }
    forge() { lines samples | head -n 1 | sed "s/\\"slot\\":[0-9]*/\\"slot\\":$1/" > ../new; add samples; }
    save() { git commit-tree "$@" -m hostile "$(git write-tree)"; }
    push() { git push -q --no-verify origin "$@"; }
    \(script)
    """
  }
}

extension TestDataset {
  func serverReferences() async throws -> String {
    try await git("ls-remote", "../server.git").text
  }

  /// Expects that the server refuses what a script pushes, and says why and what to do.
  func expectRefusal(
    ofPush script: String, _ messages: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let before = try await serverReferences()
    let output = try await hooked(script)
    #expect(output.exitCode != 0, "\(script)", sourceLocation: sourceLocation)
    let said = output.errorText.split(separator: "\n").filter { $0.hasPrefix("remote: ") }
    for message in messages + ["stemma: push refused"] {
      #expect(
        said.contains { $0.contains(message) }, "\(message): \(script)\n\(output.errorText)",
        sourceLocation: sourceLocation)
    }
    #expect(try await serverReferences() == before, "\(script)", sourceLocation: sourceLocation)
  }

  func expectRefusedPushes(_ cases: [(script: String, message: String)]) async throws {
    for (script, message) in cases {
      try await expectRefusal(ofPush: HostilePush.script(script), message)
    }
  }
}
