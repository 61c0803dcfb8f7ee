import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma demo")
struct DemoTests {
  @Test("a whole dataset comes without a model, and other programs can read it")
  func demo() async throws {
    try await withTemporaryDirectory { parent in
      let output = try await StemmaProgram(in: parent)("demo", "shop")
      #expect(output.errorText == "")
      let dataset = TestDataset(at: parent.appending(path: "shop", directoryHint: .isDirectory))
      #expect(try await dataset.samples().count >= 200)
      try expectDeepTaxonomies(dataset)
      #expect(output.text.contains("$ stemma trace -C shop"))
      #expect(output.text.contains("├─ verdict"))
      #expect(output.text.contains("taxonomy node"))
      #expect(output.text.contains("samples replaced in"))
      #expect(output.text.contains("Clean:"))
      try await expectReuse(dataset)
      try await dataset.expectSound()
      try await expectReadable(dataset)
      try await expectPlainGit(dataset, in: parent)
      try await expectNothingToDo(dataset, in: parent)
    }
  }

  /// A second demo in the same folder leaves it as it is, and one beside what somebody did is refused.
  private func expectNothingToDo(_ dataset: TestDataset, in parent: URL) async throws {
    let program = StemmaProgram(in: parent)
    let head = try await dataset.head()
    let again = try await program("demo", "shop")
    #expect(again.text.contains("is in 'shop' already"))
    #expect(try await dataset.head() == head)
    func expectRefusal(_ folder: String) async throws {
      let output = try await program.run(["demo", folder])
      #expect(output.exitCode == 1)
      #expect(output.errorText.contains("there is a '\(folder)' already"))
      #expect(output.errorText.contains("hint: name a new folder"))
      #expect(output.text == "")
    }
    let recipe = try dataset.read("recipe.yaml")
    try dataset.write(recipe + "# mine\n", to: "recipe.yaml")
    try await expectRefusal("shop")
    try dataset.write(recipe, to: "recipe.yaml")
    try FileManager.default.removeItem(at: dataset.directory.appending(path: "factors.yaml"))
    try await expectRefusal("shop")
    try await dataset.git("checkout", "-q", "--", "factors.yaml")
    try await dataset.stemma("run", "--samples", "241")
    try await expectRefusal("shop")
    try FileManager.default.createDirectory(
      at: parent.appending(path: "shop/notes"), withIntermediateDirectories: false)
    // Below a dataset is none.
    try await expectRefusal("shop/notes")
    try await program("init", "other")
    try await expectRefusal("other")
  }

  private func expectDeepTaxonomies(_ dataset: TestDataset) throws {
    let folder = dataset.directory.appending(path: "taxonomies")
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let deep = try files.filter { $0.hasSuffix(".yaml") }.filter { file in
      try dataset.read("taxonomies/\(file)").contains("\n-       {id: ")
    }
    #expect(deep.count >= 3)
  }

  /// The run after one knob asks far less; the version after the rollback is the first again.
  private func expectReuse(_ dataset: TestDataset) async throws {
    let versions = try await dataset.objects("log")
    #expect(versions.count == 5)
    func calls(_ index: Int) throws -> Int {
      try #require(versions[index]["memos"]?["Calls"]?.string.flatMap { Int($0) })
    }
    #expect(try calls(1) * 5 < calls(2))
    let digests = versions.map { $0["memos"]?["Dataset-Digest"]?.string }
    #expect(digests[0] == digests[2])
    #expect(digests[0] != digests[1])
    let trees = try await dataset.git("log", "--format=%T").lines
    #expect(trees[0] == trees[2])
  }

  /// Every object of every version decompresses with zstd, to bytes that hash to its name.
  private func expectReadable(_ dataset: TestDataset) async throws {
    let script = """
      for r in $(git for-each-ref --format='%(refname)'); do
        for c in $(git rev-list "$r"); do git ls-tree -r "$c"; done
      done | grep '[.]zst$' | sort -u | while read -r mode type id path; do
        name=$(basename "$path"); name=${name%%.*}
        hash=$(git cat-file blob "$id" | zstd -dc | sha256sum | cut -c1-64)
        if [ "$hash" = "$name" ]; then echo good; else echo "bad $path"; fi
      done
      """
    let output = try await shell(script, in: dataset.directory)
    #expect(output.exitCode == 0)
    #expect(output.errorText == "")
    #expect(output.lines.count > 20)
    #expect(output.lines.filter { $0 != "good" } == [])
  }

  private func expectPlainGit(_ dataset: TestDataset, in parent: URL) async throws {
    #expect(try await dataset.git("log", "--oneline").lines.count == 5)
    try await GitProgram(in: parent)("clone", "-q", "shop", "copy")
    let copy = TestDataset(at: parent.appending(path: "copy", directoryHint: .isDirectory))
    #expect(try await copy.datasetDigest() == dataset.datasetDigest())
    try await dataset.git("gc", "-q", "--prune=now")
    try await dataset.expectSound()
    #expect(try await dataset.samples().count >= 200)
  }
}
