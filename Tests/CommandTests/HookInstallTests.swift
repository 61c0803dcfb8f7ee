import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma hook install, uninstall and list", .serialized)
struct HookInstallTests {
  private static let names = [
    "pre-commit", "commit-msg", "pre-push", "post-checkout", "post-merge",
  ]

  private func withRepository(_ test: (TestDataset) async throws -> Void) async throws {
    try await withTemporaryDirectory { parent in
      try await GitProgram(in: parent)("init", "-q", "set")
      try await test(TestDataset(at: parent.appending(path: "set", directoryHint: .isDirectory)))
    }
  }

  private func hook(_ set: TestDataset, _ name: String) -> URL {
    set.directory.appending(path: ".git/hooks/\(name)")
  }

  private func states(_ set: TestDataset) async throws -> [String: String] {
    try await set.objects("hook", "list").reduce(into: [:]) { states, object in
      states[object["name"]?.string ?? ""] = object["state"]?.string
    }
  }

  private func write(_ text: String, _ file: URL, mode: Int = 0o755) throws {
    try Data(text.utf8).write(to: file)
    try FileManager.default.setAttributes(
      [.posixPermissions: mode], ofItemAtPath: file.path(percentEncoded: false))
  }

  @Test("a new dataset has the hooks and drivers, and installing again changes nothing")
  func new() async throws {
    try await withLineDataset { set in
      for name in Self.names {
        #expect(
          FileManager.default.isExecutableFile(
            atPath: hook(set.dataset, name).path(percentEncoded: false)), "\(name)")
      }
      #expect(try await states(set.dataset)["pre-receive"] == "absent")
      let again = try await set.dataset.objects("hook", "install")
      #expect(again.allSatisfy { $0["outcome"]?.string == "unchanged" })
      #expect(again.count == 5)
      #expect(try await set.stemma("hook", "install").errorText == "")
      for name in ["diff.stemma.textconv", "merge.stemma-sources.driver"] {
        #expect(try await set.git("config", name).text.contains("stemma hook"))
      }
      try await set.stemma("hook", "uninstall")
      #expect(try await states(set.dataset).values.allSatisfy { $0 == "absent" })
      #expect(try await set.git.run(["config", "diff.stemma.textconv"]).exitCode == 1)
    }
  }

  @Test("a hook that was there is called first, with its arguments and input, and comes back")
  func chained() async throws {
    try await withRepository { set in
      let own = "#!/bin/sh\necho own \"$@\" >> log; cat >> log; test ! -e stop\n"
      for name in ["commit-msg", "pre-push"] { try write(own, hook(set, name)) }
      // It was not called before either.
      try write(own, hook(set, "pre-commit"), mode: 0o644)
      let steps = try await set.objects("hook", "install")
      #expect(steps.count { $0["outcome"]?.string == "chained" } == 3)
      try await GitProgram(in: set.directory)("init", "-q", "--bare", "../server.git")
      let commit = "git commit -q --allow-empty --no-verify -m one && "
      let message = ".git/hooks/commit-msg .git/COMMIT_EDITMSG </dev/null && "
      try await set.expectHooked(commit + message + "git push -q ../server.git HEAD:x && cat log")
      let log = try set.read("log")
      #expect(log.contains("own .git/COMMIT_EDITMSG\n"))
      #expect(log.contains("own ../server.git ../server.git\nHEAD "))
      try set.write("", to: "stop")
      #expect(try await set.hooked("git push -q ../server.git HEAD:y").exitCode == 1)
      #expect(
        try await GitProgram(in: set.directory)("ls-remote", "../server.git", "y").text == "")
      let ends = try await set.objects("hook", "uninstall")
      #expect(ends.count { $0["outcome"]?.string == "restored" } == 3)
      #expect(try set.read(".git/hooks/pre-push") == own)
      #expect(
        !FileManager.default.fileExists(
          atPath: hook(set, "pre-push.before-stemma").path(percentEncoded: false)))
    }
  }

  @Test("hooks of an earlier release are replaced, others never twice set aside unasked")
  func upgrades() async throws {
    try await withRepository { set in
      let former = """
        #!/bin/sh
        # Refuses a commit whose recipe, prompt templates or sources Stemma could not read.
        command -v stemma >/dev/null 2>&1 || exit 0
        exec stemma hook pre-commit

        """
      try write(former, hook(set, "pre-commit"))
      let mark = "# A hook of Stemma's, written by 'stemma hook install', which also replaces it."
      try write("#!/bin/sh\n\(mark)\nexit 7\n", hook(set, "pre-push"))
      #expect(try await states(set)["pre-commit"] == "outdated")
      let steps = try await set.objects("hook", "install")
      #expect(steps.count { $0["outcome"]?.string == "upgraded" } == 2)
      #expect(try await states(set)["pre-push"] == "installed")

      for name in ["commit-msg", "commit-msg.before-stemma"] {
        try write("#!/bin/sh\n# \(name)\n", hook(set, name))
      }
      let left = try await set.stemma.run(["hook", "install"])
      #expect(left.exitCode == 2)
      #expect(left.text.contains("left as it is"))
      #expect(left.errorText.contains(#"stemma hook commit-msg "$@""#))
      #expect(try set.read(".git/hooks/commit-msg").contains("# commit-msg\n"))
      try await set.stemma("hook", "install", "--force")
      #expect(try await states(set)["commit-msg"] == "installed")
      #expect(try set.read(".git/hooks/commit-msg.before-stemma").contains("# commit-msg\n"))
      #expect(
        try set.read(".git/hooks/commit-msg.before-stemma.1").contains("before-stemma"))
    }
  }

  @Test("links are renamed and never followed, and folders stay")
  func links() async throws {
    try await withRepository { set in
      let outside = set.directory.deletingLastPathComponent().appending(path: "outside")
      try write("#!/bin/sh\nexit 0\n", outside)
      let link = hook(set, "pre-commit")
      try FileManager.default.createSymbolicLink(at: link, withDestinationURL: outside)
      try FileManager.default.createDirectory(
        at: hook(set, "post-merge"), withIntermediateDirectories: true)
      let output = try await set.stemma.run(["hook", "install"])
      #expect(output.exitCode == 2)
      #expect(output.text.contains("is no file"))
      #expect(try String(contentsOf: outside, encoding: .utf8) == "#!/bin/sh\nexit 0\n")
      #expect(try await states(set)["pre-commit"] == "installed")
      #expect(
        try FileManager.default.destinationOfSymbolicLink(
          atPath: hook(set, "pre-commit.before-stemma").path(percentEncoded: false))
          == outside.path(percentEncoded: false))

      let folder = set.directory.appending(path: ".git/hooks")
      try FileManager.default.removeItem(at: folder)
      let shared = set.directory.deletingLastPathComponent().appending(path: "shared")
      try FileManager.default.createDirectory(at: shared, withIntermediateDirectories: true)
      try FileManager.default.createSymbolicLink(at: folder, withDestinationURL: shared)
      for options in [[], ["--force"]] {
        let refused = try await set.stemma.run(["hook", "install"] + options)
        #expect(refused.exitCode == 2)
        #expect(refused.text.contains("the folder of hooks is a link"))
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: shared.path).isEmpty)
    }
  }

  @Test("a folder that core.hooksPath names is somebody else's, unless forced")
  func hooksPath() async throws {
    try await withRepository { set in
      try await set.git("config", "core.hooksPath", ".husky")
      let output = try await set.stemma.run(["hook", "install"])
      #expect(output.exitCode == 2)
      #expect(output.text.contains("'core.hooksPath' is '.husky'"))
      let husky = set.directory.appending(path: ".husky")
      #expect(!FileManager.default.fileExists(atPath: husky.path))
      #expect(try await set.stemma("hook", "list").text.contains("Hooks are elsewhere"))
      try await set.stemma("hook", "install", "--force")
      #expect(
        FileManager.default.isExecutableFile(atPath: husky.appending(path: "pre-commit").path))
    }
  }

  @Test("a dataset of an earlier release is told what to add, and nothing is changed by itself")
  func attributes() async throws {
    try await withLineDataset { set in
      try set.dataset.write("*.zst -text -delta\n", to: ".gitattributes")
      let output = try await set.stemma("hook", "install")
      #expect(output.errorText.contains("add to .gitattributes:\n  *.zst -text -delta diff=stemma"))
      #expect(output.errorText.contains("  taxonomies/*.yaml merge=stemma-sources"))
      #expect(try set.dataset.read(".gitattributes") == "*.zst -text -delta\n")
      try await set.git("checkout", "-q", "--", ".gitattributes")
      #expect(try await set.stemma("hook", "install").errorText == "")
      try await set.git("init", "-q", "--bare", "../bare.git")
      let bare = try await set.stemma.run(["hook", "install", "-C", "../bare.git"])
      #expect(bare.exitCode == 64)
      #expect(bare.errorText.contains("stemma hook install --server"))
    }
  }

  @Test("a server gets its own hook, and refuses everything where Stemma is missing")
  func server() async throws {
    try await withLineDataset { set in
      let git = set.git
      try await git("init", "-q", "--bare", "../server.git")
      let installed = try await set.stemma("hook", "install", "-C", "../server.git", "--server")
      #expect(installed.text.contains("pre-receive"))
      let hooks = set.dataset.directory.appending(path: "../server.git/hooks")
      #expect(!FileManager.default.fileExists(atPath: hooks.appending(path: "pre-commit").path))
      // This git finds no Stemma.
      let refused = try await git.run(["push", "../server.git", "main"])
      #expect(refused.exitCode != 0)
      #expect(refused.errorText.contains("remote: stemma is not on the PATH of this server"))
      #expect(refused.errorText.contains("nothing checks this push"))
      #expect(try await git("ls-remote", "../server.git").text == "")
      try await set.dataset.expectHooked("git push -q ../server.git main")
    }
  }
}
