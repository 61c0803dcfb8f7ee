import Foundation
import TestSupport
import Testing

@Suite("a place that cannot be written", .serialized)
struct StorageFaultTests {
  private static var isRoot: Bool { geteuid() == 0 }
  private static let canDropRights = FileManager.default
    .isExecutableFile(atPath: "/usr/bin/setpriv")
  private static var canMount: Bool {
    isRoot && FileManager.default.isExecutableFile(atPath: "/usr/bin/unshare")
  }

  @Test("a second writer is refused, with the first one named")
  func secondWriter() async throws {
    let script = SimulaScript { _, _, count in count >= 9 ? .silence : nil }
    try await withServerDataset(script, { $0.shrink() }) { dataset, _, _ in
      let first = try await dataset.stemma.run(["run"]) { running in
        await running.wait { script.requestCount >= 10 }
        let second = try await dataset.stemma.run(["run"])
        #expect(second.exitCode == 4)
        #expect(
          second.errorText.contains(
            "another writer holds the dataset: process \(running.processIdentifier), stemma run"))
        #expect(second.errorText.contains("hint: wait until it ends"))
        // Readers do not wait.
        #expect(try await dataset.stemma("log").exitCode == 0)
        // Nothing comes any more that is worth waiting for.
        running.send(SIGINT)
        await running.wait(after: .milliseconds(300), sending: SIGINT)
      }
      #expect(first.exitCode == 130)
      try await dataset.expectSound(isCommitted: false)
    }
  }

  @Test(
    "a dataset without write permission can be read, and a run says what is wrong",
    .enabled(if: !isRoot || canDropRights))
  func readOnly() async throws {
    let script = SimulaScript()
    try await withServerDataset(script, { $0.shrink() }) { dataset, _, _ in
      try await dataset.run()
      let asked = script.requestCount
      let edited = try dataset.read("recipe.yaml").replacing("samples: 3", with: "samples: 4")
      try dataset.write(edited, to: "recipe.yaml")
      let change = Self.isRoot ? "chown -R 65534:65534 . && " : ""
      _ = try await shell(change + "chmod -R a-w,a+rX .", in: dataset.directory)
      var reader = dataset
      if Self.isRoot {
        reader.stemma.wrapper = [
          "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all",
        ]
      }
      let output = try await reader.stemma.run(["run"])
      #expect(output.exitCode == 1, "\(output.errorText)")
      #expect(output.errorText.contains("cannot write in"), "\(output.errorText)")
      #expect(output.errorText.contains("hint: check that you may write"), "\(output.errorText)")
      #expect(script.requestCount == asked)
      let samples = try await reader.samples()
      #expect(samples.count == 3)
      #expect(try await reader.stemma("verify").text.hasPrefix("Clean:"))
      _ = try await shell("chmod -R u+w . && chown -R 0:0 .", in: dataset.directory)
    }
  }

  @Test(
    "a limit on file sizes stops a run in an orderly way wherever it strikes",
    arguments: [0, 2, 4, 8, 16, 32, 64, 128])
  func sizeLimit(blocks: Int) async throws {
    let script = SimulaScript()
    try await withServerDataset(script, { $0.shrink() }) { dataset, _, _ in
      var limited = dataset
      limited.stemma.wrapper = ["sh", "-c", "ulimit -f \(blocks) && exec \"$0\" \"$@\""]
      let output = try await limited.stemma.run(["run"])
      #expect([0, 1].contains(output.exitCode), "\(output.errorText)")
      if output.exitCode != 0 {
        #expect(output.errorText.hasPrefix("stemma: "), "\(output.errorText)")
        #expect(output.errorText.contains("cannot "), "\(output.errorText)")
      }
      try await dataset.expectSound(isCommitted: false)
      let durable = try await dataset.durableSeeds()
      let asked = script.requestCount
      #expect(try await dataset.run().kept == 3 || output.exitCode == 0)
      #expect(durable.isDisjoint(with: script.log.seeds[asked...]))
      try await dataset.expectSound()
      #expect(try await dataset.samples().count == 3)
    }
  }

  @Test(
    "a full disk stops a run in an orderly way, and with space it goes on",
    .enabled(if: canMount), arguments: [256, 320, 384, 448, 512])
  func fullDisk(kilobytes: Int) async throws {
    let script = SimulaScript()
    try await withServerDataset(script, { $0.shrink() }) { dataset, _, _ in
      // The file system lives in a mount namespace of its own, and ends with it.
      let steps = """
        mkdir disk && mount -t tmpfs -o size=\(kilobytes)k none disk || { echo skip; exit 0; }
        cp -a .git disk/ && git -C disk reset -q --hard && cp recipe.yaml disk/ || exit 9
        cd disk
        "$0" run; echo "first $?"
        mount -o remount,size=64m .
        "$0" verify >&2; echo "verify $?"
        git fsck --full --strict >&2; echo "fsck $?"
        "$0" run; echo "second $?"
        "$0" verify >&2; echo "verify $?"
        """
      var program = dataset.stemma
      program.wrapper = ["unshare", "-m", "sh", "-c", steps]
      let output = try await program.run([])
      guard !output.lines.contains("skip") else { return }
      let first = try #require(output.lines.first { $0.hasPrefix("first ") })
      #expect(["first 0", "first 1"].contains(first), "\(output.errorText)")
      if first != "first 0" {
        #expect(output.errorText.contains("stemma: cannot "), "\(output.errorText)")
        #expect(output.errorText.contains("space"), "\(output.errorText)")
      }
      #expect(output.lines.filter { $0 == "verify 0" }.count == 2, "\(output.errorText)")
      #expect(output.lines.contains("fsck 0"), "\(output.errorText)")
      #expect(output.lines.contains("second 0"), "\(output.errorText)")
      #expect(script.log.repeatCount <= 4)
    }
  }
}
