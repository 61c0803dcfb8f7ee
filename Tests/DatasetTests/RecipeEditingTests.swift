import Dataset
import Testing

@Suite("Values changed in the text of a recipe")
struct RecipeEditingTests {
  @Test(
    "Only the number of samples changes, whatever stands around it",
    arguments: [
      ("samples: 10\n", "samples: 250\n"),
      ("\u{FEFF}samples: 10 # ten\n", "\u{FEFF}samples: 250 # ten\n"),
      ("a: 1\nsamples:   10   # how many\nb: 2", "a: 1\nsamples:   250   # how many\nb: 2"),
      ("samples: \"10\" # text\n", "samples: 250 # text\n"),
      ("{stemma: 1, samples: 10, b: [samples: 3]}", "{stemma: 1, samples: 250, b: [samples: 3]}"),
      ("# samples: 3\r\na: é\r\nsamples: 10\r\n", "# samples: 3\r\na: é\r\nsamples: 250\r\n"),
      ("a:\n  samples: 3\n'samples': 10", "a:\n  samples: 3\n'samples': 250"),
      ("samples:\n  10\nb: 1\n", "samples:\n  250\nb: 1\n"),
      ("samples:\nb: 1\n", "samples: 250\nb: 1\n"),
      ("b: 1", "b: 1\nsamples: 250\n"),
      ("b: |\n  text\n", "b: |\n  text\nsamples: 250\n"),
      ("b: 1\r\n", "b: 1\r\nsamples: 250\r\n"),
    ])
  func samples(before: String, after: String) throws {
    #expect(try Recipe.setting(path: ["samples"], to: "250", in: before) == after)
  }

  @Test(
    "A value at a path is changed or added",
    arguments: [
      ("complexity: {fraction: 0.5}\n", "complexity: {fraction: 0.8}\n"),
      ("complexity:\n  fraction: 0.5 # half\n", "complexity:\n  fraction: 0.8 # half\n"),
      ("complexity: {}\n", "complexity: {fraction: 0.8}\n"),
      ("complexity:\na: 1\n", "complexity: {fraction: 0.8}\na: 1\n"),
      ("complexity: ~\na: 1\n", "complexity: {fraction: 0.8}\na: 1\n"),
      ("a: 1\n", "a: 1\ncomplexity: {fraction: 0.8}\n"),
      ("complexity: {other: 1}\n", "complexity: {fraction: 0.8, other: 1}\n"),
      (
        "complexity:\n    # mind\n    other: 1\n",
        "complexity:\n    # mind\n    fraction: 0.8\n    other: 1\n"
      ),
    ])
  func path(before: String, after: String) throws {
    #expect(try Recipe.setting(path: ["complexity", "fraction"], to: "0.8", in: before) == after)
  }

  @Test(
    "A value that is not one scalar on one line stays",
    arguments: [
      "samples: [1, 2]", "samples: {a: 1}", "samples: |\n  10\n", "samples: 1\n  2\n",
      "samples: 'it''s'", "- 1", "samples: [1",
    ])
  func refusals(text: String) {
    #expect(throws: RecipeErrors.self) { try Recipe.setting(path: ["samples"], to: "5", in: text) }
  }

  @Test("A new value that would change more than itself is refused")
  func injection() {
    for value in ["1\nb: 2", "1, b: 2", "1 # c\nx: 1", "", "[", "&a 1"] {
      #expect(throws: RecipeErrors.self) {
        try Recipe.setting(path: ["a"], to: value, in: "{a: 0}\n")
      }
    }
  }
}
