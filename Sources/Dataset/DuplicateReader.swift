import CanonicalJSON

/// Reads the mapping `duplicates` of a recipe, and the held-out sets that it names.
struct DuplicateReader {
  private static let maximumSize = 64 << 20

  let fields: FieldReader
  let files: ReferenceReader
  /// The properties that make up a sample's question.
  let question: [String]
  let log: ProblemLog

  func knobs() -> DuplicateKnobs {
    var knobs = DuplicateKnobs()
    guard let member = fields.member("duplicates"),
      let own = FieldReader(
        member.value, section: "duplicates", at: member.place, keys: RecipeKeys.duplicates, log: log
      )
    else { return knobs }
    if let near = own.member("near") {
      knobs.near = near.value.text == "off" ? nil : own.number("near", 0.4...1) ?? knobs.near
    }
    guard let sets = own.member("held-out") else { return knobs }
    guard let items = sets.value.items, items.count <= 100 else {
      log.add(
        sets.place, "'held-out' in 'duplicates' must be a list of at most 100 files",
        hint: "write a list such as [{path: held-out/test.jsonl, question: [question]}]")
      return knobs
    }
    knobs.heldOut = items.compactMap(set)
    return knobs
  }

  private func set(_ item: YAMLValue) -> HeldOutSet? {
    if let path = item.text { return set(path, nil, at: item.place) }
    guard
      let own = FieldReader(item, section: "held-out", keys: RecipeKeys.heldOut, log: log)
    else { return nil }
    guard let path = own.text("path") else {
      own.missing("path", hint: "name a file of JSON lines in the dataset")
      return nil
    }
    return set(path, own.list("question")?.map(\.text), at: own.place(of: "path"))
  }

  private func set(_ path: String, _ question: [String]?, at place: TextPlace) -> HeldOutSet? {
    guard let text = files.text(at: path, from: place, atMost: Self.maximumSize) else { return nil }
    if let count = question?.count, !self.question.isEmpty,
      count > self.question.count || count == 0
    {
      log.add(
        place,
        "\(Quote.of(path)) has \(count) properties in 'question', and a sample's has "
          + "\(self.question.count)",
        hint: "name those that hold the same as the sample's, in the same order; the first may do")
      return nil
    }
    var items: [JSON] = []
    let lines = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (index, line) in lines.enumerated() where !line.allSatisfy({ [0x20, 0x0D].contains($0) }) {
      do throws(JSONError) {
        items.append(try JSON(parsing: Array(line)))
      } catch {
        log.add(place, "line \(index + 1) of \(Quote.of(path)) is no JSON: \(error.message)")
        return nil
      }
      let name = (question ?? self.question).first { items[items.count - 1][$0] == nil }
      if let name {
        log.add(
          place, "line \(index + 1) of \(Quote.of(path)) has no member \(Quote.of(name))",
          hint: question == nil ? "name its own members: {path: \(path), question: [...]}" : nil)
        return nil
      }
    }
    return HeldOutSet(path: path, question: question, items: items)
  }
}
