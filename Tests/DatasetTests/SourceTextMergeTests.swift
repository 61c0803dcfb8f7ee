import Dataset
import Testing

@Suite("Merging sources")
struct SourceTextMergeTests {
  private static let base = """
    # Comment.
    factor: 00000000000000aa
    nodes:
    - {id: 00000000000000aa, name: "Root"}
    -   {id: 0000000000000001, in: 00000000000000aa, name: "One"}
    -     {id: 0000000000000002, in: 0000000000000001, name: "Two"}
    -     {id: 0000000000000003, in: 0000000000000001, name: "Three"}
    -   {id: 0000000000000004, in: 00000000000000aa, name: "Four"}

    """

  private func merge(
    _ ours: String, _ theirs: String, base: String? = base, path: String = "taxonomies/root.yaml"
  ) throws -> (text: String, hasConflicts: Bool) {
    let merge = try SourceTextMerge.merge(
      path, base: base.map { Array($0.utf8) }, ours: Array(ours.utf8), theirs: Array(theirs.utf8),
      names: ("ours", "theirs"))
    return (String(decoding: merge.bytes, as: UTF8.self), merge.hasConflicts)
  }

  private func edit(_ changes: [(String, String)]) -> String {
    changes.reduce(Self.base) { $0.replacing($1.0, with: $1.1) }
  }

  private func line(_ text: String, _ id: Int) -> String? {
    text.split(separator: "\n").map(String.init).first { $0.contains("id: 000000000000000\(id),") }
  }

  @Test("either side's edits of a node are both there, whichever is ours")
  func fields() throws {
    let renamed = edit([("\"One\"", "\"Uno\"")])
    let weighted = edit([
      ("\"One\"}", "\"One\", weight: 2}"), ("\"Four\"}", "\"Four\", pin: true}"),
    ])
    for (ours, theirs) in [(renamed, weighted), (weighted, renamed)] {
      let merged = try merge(ours, theirs)
      #expect(!merged.hasConflicts)
      #expect(line(merged.text, 1)?.contains("name: \"Uno\", weight: 2}") == true)
      #expect(line(merged.text, 4)?.contains("pin: true") == true)
      #expect(merged.text.hasPrefix("# Comment.\n"))
      #expect(try TaxonomyText.decode(Array(merged.text.utf8), path: "x").nodes.count == 5)
    }
  }

  @Test("a branch that one side moved takes along what the other added to it")
  func moves() throws {
    let moved = edit([
      ("in: 0000000000000001, name: \"Two\"", "in: 0000000000000004, name: \"Two\"")
    ])
    let grown = edit([
      (
        "name: \"Two\"}\n",
        "name: \"Two\"}\n-       {id: 0000000000000005, in: 0000000000000002, name: \"Five\"}\n"
      )
    ])
    let merged = try merge(moved, grown)
    #expect(!merged.hasConflicts)
    #expect(line(merged.text, 2)?.contains("in: 0000000000000004") == true)
    #expect(line(merged.text, 5)?.contains("in: 0000000000000002") == true)
  }

  @Test("a removal counts unless the other side changed the node or hung something on it")
  func removals() throws {
    let removed = edit([("-   {id: 0000000000000004, in: 00000000000000aa, name: \"Four\"}\n", "")])
    let other = edit([("\"Two\"", "\"Zwei\"")])
    let clean = try merge(removed, other)
    #expect(!clean.hasConflicts && line(clean.text, 4) == nil && clean.text.contains("Zwei"))
    for changed in [
      edit([("\"Four\"", "\"Vier\"")]),
      edit([
        (
          "\"Four\"}\n",
          "\"Four\"}\n-     {id: 0000000000000006, in: 0000000000000004, name: \"Six\"}\n"
        )
      ]),
    ] {
      for (ours, theirs) in [(removed, changed), (changed, removed)] {
        let merged = try merge(ours, theirs)
        #expect(merged.hasConflicts)
        #expect(merged.text.contains("<<<<<<< ours\n") && merged.text.contains(">>>>>>> theirs\n"))
      }
    }
  }

  @Test("moves into each other, other roots and broken texts are left to people")
  func contradictions() throws {
    let first = edit([
      ("in: 00000000000000aa, name: \"One\"", "in: 0000000000000004, name: \"One\"")
    ])
    let second = edit([
      ("in: 00000000000000aa, name: \"Four\"", "in: 0000000000000001, name: \"Four\"")
    ])
    #expect(try merge(first, second).hasConflicts)
    let broken = edit([("nodes:", "nods:"), ("\"One\"", "\"Uno\"")])
    #expect(try merge(broken, edit([("\"One\"", "\"Eins\"")])).hasConflicts)
    // What both sides added alike is there once.
    #expect(try merge(Self.base, Self.base, base: nil).text == Self.base)
    #expect(try merge(edit([("\"One\"", "\"Uno\"")]), Self.base, base: nil).hasConflicts)
  }

  @Test("large and contradictory trees end soon")
  func large() throws {
    func tree(_ count: Int, parent: (Int) -> Int) -> String {
      func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
      }
      let root = "factor: \(id(1))\nnodes:\n- {id: \(id(1)), name: \"Root\"}\n"
      return (2...count).reduce(into: root) { text, number in
        text += "- {id: \(id(number)), in: \(id(parent(number))), name: \"n\(number)\"}\n"
      }
    }
    let chain = tree(400) { $0 - 1 }
    let flat = tree(400) { _ in 1 }
    let reversed = tree(400) { $0 == 400 ? 1 : $0 + 1 }
    for (ours, theirs) in [(flat, reversed), (chain, reversed), (tree(2) { _ in 1 }, chain)] {
      let merged = try merge(ours, theirs, base: flat)
      #expect(merged.hasConflicts == merged.text.contains("<<<<<<< ours"))
    }
  }

  @Test("entries of strategies merge by their ids")
  func entries() throws {
    let base = """
      strategies:
      - id: 00000000000000b1
        name: "A"
        weight: 1
      - id: 00000000000000b2
        name: "B"
        weight: 1

      """
    let renamed = base.replacing("\"A\"", with: "\"Alpha\"")
    let added = base + "- id: 00000000000000b3\n  name: \"C\"\n  weight: 1\n"
    let removed = base.replacing("- id: 00000000000000b2\n  name: \"B\"\n  weight: 1\n", with: "")
    let path = "strategies.yaml"
    let first = try merge(renamed, added, base: base, path: path)
    #expect(!first.hasConflicts && first.text == added.replacing("\"A\"", with: "\"Alpha\""))
    let second = try merge(removed, added, base: base, path: path)
    #expect(!second.hasConflicts && !second.text.contains("b2") && second.text.contains("b3"))
    let third = try merge(
      renamed, base.replacing("\"A\"", with: "\"Aleph\""), base: base, path: path)
    #expect(third.hasConflicts && third.text.contains("\"Aleph\""))
  }
}
