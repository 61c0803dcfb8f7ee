import CanonicalJSON
import Dataset
import Testing

@Suite("Duplicates in a recipe")
struct DuplicateKeyTests {
  private static let files = [
    "held-out/test.jsonl": "{\"prompt\":\"One?\"}\n\n{\"prompt\":\"Two?\",\"more\":1}\r\n",
    "same.jsonl": "{\"question\":\"One?\",\"answer\":1}\n",
    "broken.jsonl": "{\"question\":\"One?\"}\n{\"question\":\n",
  ]

  private func knobs(_ text: String) throws(RecipeErrors) -> DuplicateKnobs {
    try Recipe(parsing: BaseRecipe.text + "\n" + text) { Self.files[$0] }.duplicates
  }

  @Test("the default is a similarity of 0.8 and no held-out set")
  func defaults() throws {
    #expect(try knobs("") == DuplicateKnobs())
    #expect(DuplicateKnobs().near == 0.8)
    #expect(try knobs("duplicates: {near: off}").near == nil)
    #expect(try knobs("duplicates: {near: 0.5}").near == 0.5)
  }

  @Test("held-out sets are files of JSON lines")
  func heldOut() throws {
    let sets = try knobs(
      "duplicates:\n  held-out:\n    - {path: held-out/test.jsonl, question: prompt}\n"
        + "    - same.jsonl"
    ).heldOut
    #expect(sets.map(\.question) == [["prompt"], nil])
    #expect(sets[0].items == [["prompt": "One?"], ["prompt": "Two?", "more": 1]])
    #expect(sets[1].items == [["question": "One?", "answer": 1]])
  }

  @Test(
    "mistakes are told",
    arguments: [
      ("{near: 2}", "must be a number from 0.4 to 1"),
      ("{nea: 0.5}", "unknown key 'nea' in 'duplicates'"),
      ("{held-out: test.jsonl}", "must be a list of at most 100 files"),
      ("{held-out: [{question: prompt}]}", "'path' in 'held-out' is missing"),
      ("{held-out: [nowhere.jsonl]}", "there is no file 'nowhere.jsonl'"),
      ("{held-out: [../secret]}", "does not lead into the dataset"),
      ("{held-out: [broken.jsonl]}", "line 2 of 'broken.jsonl' is no JSON"),
      (
        "{held-out: [{path: held-out/test.jsonl, question: [more]}]}",
        "line 1 of 'held-out/test.jsonl' has no member 'more'"
      ),
      (
        "{held-out: [held-out/test.jsonl]}",
        "line 1 of 'held-out/test.jsonl' has no member 'question'"
      ),
      (
        "{held-out: [{path: same.jsonl, question: [question, answer]}]}",
        "'same.jsonl' has 2 properties in 'question', and a sample's has 1"
      ),
    ])
  func refusals(text: String, message: String) {
    let error = #expect(throws: RecipeErrors.self) { try knobs("duplicates: \(text)") }
    #expect(error?.errors.contains { $0.message.contains(message) } == true, "\(error as Any)")
  }
}
