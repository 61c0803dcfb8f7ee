import Dataset
import TestSupport
import Testing

@Suite("Hostile recipe texts")
struct HostileTextTests {
  private func firstError(of bytes: [UInt8]) throws -> RecipeError {
    let errors = try #require(throws: RecipeErrors.self) {
      _ = try Recipe(parsing: bytes) { _ in nil }
    }
    return try #require(errors.errors.first)
  }

  @Test("Text that is not UTF-8 is refused with its line")
  func encoding() throws {
    let bytes = Array("stemma: 1\ndescription: ".utf8) + [0xFF, 0x0A] + Array("samples: 1".utf8)
    let error = try firstError(of: bytes)
    #expect(error.line == 2)
    #expect(error.message == "the text is not UTF-8")
  }

  @Test("An empty text is refused", arguments: ["", "\n", "# only a comment\n"])
  func empty(text: String) throws {
    #expect(try firstError(of: Array(text.utf8)).message == "the text is empty")
  }

  @Test("A text beyond 1 MiB is refused")
  func size() throws {
    let bytes = Array("description: ".utf8) + [UInt8](repeating: 0x61, count: 1 << 20)
    #expect(try firstError(of: bytes).message.contains("1024 KiB"))
  }

  @Test("Deep nesting is refused", arguments: [100, 999, 20_000])
  func depth(levels: Int) throws {
    let flow = "description: " + String(repeating: "[", count: levels)
    _ = try firstError(of: Array((flow + String(repeating: "]", count: levels)).utf8))
    let block = (0..<min(levels, 1000)).map { String(repeating: " ", count: $0) + "a:" }
    _ = try firstError(of: Array(block.joined(separator: "\n").utf8))
  }

  @Test("Aliases that unfold without end are refused at once")
  func aliases() throws {
    var lines = ["a0: &a0 [x, x]"]
    for level in 1...40 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
      lines.append("a\(level): &a\(level) [\(aliases)]")
    }
    lines.append("? *a40\n: 1")
    let error = try firstError(of: Array(lines.joined(separator: "\n").utf8))
    #expect(error.message == "the text has too many anchors and aliases")
  }

  @Test("A few aliases are refused too, with the line of the anchor")
  func fewAliases() throws {
    let text = BaseRecipe.with(22, "taxonomy: &t {depth: 3}\nstrategy: *t")
      .replacing("strategy: {strategies: [2, 5]}\n", with: "")
    let error = try firstError(of: Array(text.utf8))
    #expect(error.line == 22)
    #expect(error.message == "anchors and aliases are not supported")
  }

  @Test("A description may use the characters of anchors and aliases")
  func plainText() throws {
    let words = (0..<50).map { "*word\($0)* &amp; R&D" }.joined(separator: " ")
    let recipe = try? BaseRecipe.parse(BaseRecipe.with(2, "description: |\n  one &nbsp only"))
    #expect(recipe?.description == "one &nbsp only")
    let starred = words.replacing(" &amp;", with: "")
    let second = try BaseRecipe.parse(BaseRecipe.with(2, "description: |\n  \(starred)"))
    #expect(second.description == starred)
  }

  @Test(
    "Very many keys take no more time than their bytes", arguments: ["unknown", "examples"])
  func manyKeys(kind: String) throws {
    let growth = growth(toFourTimes: 12_000) { count in
      let keys = (0..<count).map { "k\($0): 1" }
      let text =
        kind == "unknown"
        ? keys.joined(separator: "\n") : "examples: [{" + keys.joined(separator: ", ") + "}]\n"
      #expect(throws: RecipeErrors.self) { try Recipe(parsing: Array(text.utf8)) { _ in nil } }
    }
    #expect(growth < 8)
  }

  @Test("A text with very many keys is edited in time")
  func editing() throws {
    let growth = try growth(toFourTimes: 8000) { count in
      let text = "samples: 1\n" + (0..<count).map { "k\($0): 1\n" }.joined()
      let edited = try Recipe.setting(path: ["samples"], to: "7", in: text)
      #expect(edited.utf8.elementsEqual(text.replacing("samples: 1", with: "samples: 7").utf8))
    }
    #expect(growth < 8)
  }

  @Test("A reader that fails is an error with its reason")
  func failingReader() throws {
    struct Broken: Error, CustomStringConvertible { let description = "disk is gone" }
    let yaml = BaseRecipe.with(18, "references: [notes.md]")
    let errors = try #require(throws: RecipeErrors.self) {
      _ = try Recipe(parsing: yaml) { _ in throw Broken() }
    }
    #expect(errors.errors.map(\.message) == ["cannot read 'notes.md': disk is gone"])
    #expect(errors.errors.map(\.line) == [18])
  }
}
