import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma trace and impact", .serialized)
struct ProvenanceTests {
  /// Texts of models that mean something to those who draw graphs, to terminals and to shells.
  private static let hostile =
    #"Add "]; evil -> x [label=<<b>1</b>>] \N \" %%{init}%% `x` & <script> #quot; ; } \"#
    + "\u{1B}[31m\u{202E}"

  /// A server that refines, rejects, repeats, and names things in a hostile way.
  private func withDataset(_ test: (TestDataset, TestRecipe) async throws -> Void) async throws {
    try await withServerDataset(
      SimulaScript(wrongShare: 0.4, rejectedShare: 0.4),
      { recipe in
        recipe.samples = 5
        recipe.fraction = 0.6
        recipe.attempts = 6
      }
    ) { dataset, recipe, _ in
      try await dataset.run()
      try await test(dataset, recipe)
    }
  }

  private func flat(_ node: JSON) -> [JSON] {
    [node] + (node["causes"]?.array ?? []).flatMap(flat)
  }

  private static let kinds = [
    "proposals", "edits", "plans", "mixes", "meta-prompts", "samples", "rejections", "verdicts",
    "imports", "calls",
  ]

  @Test("a node that people renamed is shown with its name at birth")
  func nameAtBirth() async throws {
    try await withDataset { dataset, _ in
      let mix = try #require(try await dataset.objects("list", "mixes").first?["value"])
      let leaf = try #require(mix["nodes"]?.array?.first?.string)
      let nodes = try await dataset.objects("taxonomy", "show")
      let node = try #require(nodes.first { $0["id"]?.string == leaf })
      let name = try #require(node["name"]?.string)
      let parent = try #require(node["parent"]?.string)
      func traced() async throws -> (content: JSON, text: String) {
        let root = try #require(try await dataset.objects("trace", leaf).first?["root"])
        return (try #require(root["content"]), try await dataset.stemma("trace", leaf).text)
      }
      let before = try await traced()
      #expect(before.content["name-at-birth"] == nil)
      #expect(!before.text.contains("name at birth"))
      // Spelled otherwise it is the same name.
      try await dataset.stemma("taxonomy", "edit", "rename", leaf, name.uppercased() + "!", "--yes")
      try await dataset.run()
      #expect(try await traced().content["name-at-birth"] == nil)
      try await dataset.stemma("taxonomy", "edit", "rename", leaf, "Quay", "--yes")
      try await dataset.stemma("taxonomy", "edit", "rename", parent, "Water", "--yes")
      try await dataset.run()
      let after = try await traced()
      #expect(after.content["path"]?.string?.hasSuffix("Water > Quay") == true)
      #expect(after.content["name-at-birth"]?.string == name)
      #expect(after.text.contains("name at birth: \(name)"))
      let dot = try await dataset.stemma("trace", leaf, "--format", "dot").text
      #expect(dot.contains("name at birth"))
      // In the descent of a sample, too.
      let slot = mix["slot"]
      let samples = try await dataset.samples()
      let sample = try #require(samples.first { $0["value"]?["slot"] == slot }?["id"]?.string)
      let tree = try #require(try await dataset.objects("trace", sample).first?["root"])
      #expect(
        flat(tree).contains {
          $0["id"]?.string == leaf && $0["content"]?["name-at-birth"]?.string == name
        })
      // One that a person made is named in no record, but in an older version.
      for edit in [["add", "Wharf", "--under", parent], ["rename", "Wharf", "Landing"]] {
        _ = try await dataset.stemma.output(of: ["taxonomy", "edit"] + edit + ["--yes"])
        try await dataset.git("commit", "-q", "-a", "-m", "edit")
      }
      let own = try #require(try await dataset.objects("trace", "Landing").first?["root"])
      #expect(own["content"]?["name-at-birth"] == "Wharf")
      // A moved one has the name that it had.
      try await dataset.stemma("taxonomy", "edit", "add", "Buoy", "--under", parent, "--yes")
      try await dataset.git("commit", "-q", "-a", "-m", "edit")
      try await dataset.stemma("taxonomy", "edit", "move", "Buoy", "--under", "Landing", "--yes")
      try await dataset.git("commit", "-q", "-a", "-m", "edit")
      let moved = try #require(try await dataset.objects("trace", "Buoy").first?["root"])
      #expect(moved["content"]?["path"]?.string?.hasSuffix("Landing > Buoy") == true)
      #expect(moved["content"]?["name-at-birth"] == nil)
    }
  }

  @Test("every kind of record, node and strategy can be traced in every format")
  func formats() async throws {
    try await withDataset { dataset, _ in
      let file = dataset.directory.deletingLastPathComponent().appending(path: "lines")
      try Data(
        "{\"q\":\"\(Self.hostile.replacing("\\", with: "/").replacing("\"", with: "'"))\"}\nno JSON\n"
          .utf8
      )
      .write(to: file)
      try await dataset.stemma("import", file.path(percentEncoded: false))
      var things: [String] = []
      for kind in Self.kinds {
        let records = try await dataset.objects("list", kind)
        if kind == "edits", records.isEmpty { continue }
        things.append(try #require(records.last?["id"]?.string, "no \(kind)"))
      }
      let mix = try #require(try await dataset.objects("list", "mixes").first?["value"])
      things.append(try #require(mix["nodes"]?.array?.first?.string))
      things.append(try #require(mix["strategy"]?.string))
      var documents: [JSON] = []
      for thing in things {
        let tree = try #require(try await dataset.objects("trace", thing).first?["root"])
        #expect(
          try await dataset.stemma("trace", thing, "--format", "json").objects[0]["root"] == tree)
        #expect(
          try await dataset.stemma("trace", thing, "--format", "tree").text.contains(
            thing.prefix(12)))
        let dot = try await dataset.stemma("trace", thing, "--format", "dot").text
        let mermaid = try await dataset.stemma("trace", thing, "--format", "mermaid").text
        // As many things in each graph as there are different ones in the tree.
        let ids = Set(flat(tree).compactMap { $0["id"]?.string }.filter { !$0.isEmpty })
        let drawn = try DOT.nodes(dot)
        #expect(ids.allSatisfy { id in drawn.contains { $0.hasSuffix(id) } })
        #expect(Set(drawn).count == drawn.count)
        let boxes = mermaid.split(separator: "\n").count {
          $0.hasPrefix("  n") && $0.hasSuffix("\"]")
        }
        #expect(boxes == drawn.count)
        let prov = try await dataset.stemma("trace", thing, "--format", "prov").text
        documents.append(try JSON(parsing: prov))
      }
      try await PROV.expectValid(documents)
    }
  }

  @Test("a trace tells what was refined, rejected, repeated and left out, and who said so")
  func whole() async throws {
    // A third of the questions are one and the same.
    let script = SimulaScript(wrongShare: 0.2, rejectedShare: 0.4) { task, request, _ in
      guard task == .sample, SimulaQuestion.hash(request.body) % 3 == 0 else { return nil }
      return .answer(#"{"question":"What is 1 + 1?","reasoning":"One and one.","answer":2}"#)
    }
    try await withServerDataset(
      script,
      { recipe in
        recipe.samples = 12
        recipe.attempts = 8
        recipe.fraction = 0.6
      }
    ) { dataset, _, _ in
      try await dataset.run()
      let recipeVersion = try await dataset.git("log", "-1", "--format=%H", "--", "recipe.yaml")
        .lines.first
      var relations: [String: Int] = [:]
      for sample in try await dataset.objects("list", "samples") {
        let id = try #require(sample["id"]?.string)
        let root = try #require(try await dataset.objects("trace", id).first?["root"])
        let nodes = flat(root)
        for node in nodes { relations[node["relation"]?.string ?? "", default: 0] += 1 }
        func all(_ relation: String) -> [JSON] {
          nodes.filter { $0["relation"]?.string == relation }
        }
        // Every candidate of the answer is told: the one that was used, and the others.
        for call in all("call") where call["content"]?["request"]?["task"] == "meta-prompts" {
          let answer = try JSON(parsing: try #require(call["content"]?["answer"]?["text"]?.string))
          let texts = Set(answer["scenarios"]?.array?.compactMap(\.string) ?? [])
          let told = (all("candidate not used") + all("meta-prompt") + all("complexified from"))
            .compactMap { $0["content"]?["text"]?.string }
          #expect(texts.isSubset(of: Set(told)))
        }
        for node in all("taxonomy node") {
          let path = node["content"]?["path"]?.string ?? ""
          // The way up to the factor, each with what it was made by.
          let above = flat(node).count { $0["relation"]?.string == "parent node" }
          #expect(above == path.split(separator: ">").count - 1)
        }
        for draft in all("refined from") {
          #expect(draft["content"]?["reason"]?.string == "refined")
          let causes = draft["causes"]?.array ?? []
          #expect(
            causes.contains {
              $0["relation"] == "verdict" && $0["content"]?["outcome"] == "reject"
                && $0["content"]?["explanation"] == draft["content"]?["detail"]
            })
          #expect(causes.contains { $0["relation"] == "call" })
        }
        for rejection in all("rejected before") where rejection["content"]?["reason"] == "duplicate"
        {
          let twin = flat(rejection).first { $0["relation"] == "same question as" }
          let detail = rejection["content"]?["detail"]?.string ?? ""
          let slot = try #require(twin?["content"]?["slot"]?.int)
          #expect(detail.contains("slot \(slot)"))
        }
        let version = try #require(all("first in version").first)
        #expect(version["content"]?["recipe-version"]?.string == recipeVersion)
      }
      for relation in [
        "candidate not used", "complexified from", "refined from", "rejected before",
        "same question as", "planned in", "parent node", "proposed in",
      ] {
        #expect(relations[relation, default: 0] > 0, "no \(relation)")
      }
    }
  }

  @Test("an exported line leads back to its sample, an imported one to its record")
  func lines() async throws {
    try await withDataset { dataset, _ in
      let file = dataset.directory.deletingLastPathComponent().appending(path: "lines")
      try Data("{ \"own\": 1 }\nplain words\n".utf8).write(to: file)
      try await dataset.stemma("import", file.path(percentEncoded: false))
      let samples = try await dataset.objects("list", "samples")
      let lines = try await dataset.stemma("export").lines
      #expect(lines.count == samples.count)
      for (line, sample) in zip(
        lines,
        samples.sorted { ($0["value"]?["slot"]?.int ?? 0) < ($1["value"]?["slot"]?.int ?? 0) })
      {
        let root = try await dataset.objects("trace", "--line", line).first?["root"]
        #expect(root?["id"] == sample["id"])
      }
      let whole = try await dataset.stemma("export", "--records").lines
      let record = try await dataset.objects("trace", "--line", whole[1]).first?["root"]
      #expect(try record?["content"] == JSON(parsing: whole[1]))
      for line in ["{ \"own\": 1 }", "plain words"] {
        let root = try await dataset.objects("trace", "--line", line).first?["root"]
        #expect(root?["relation"] == "imports", "\(line)")
      }
      let piped = try await shell(
        "\"$0\" export | sed -n 2p | \"$0\" trace --line - --json", in: dataset.directory)
      #expect(piped.lines.count == 1, "\(piped.errorText)")
      #expect(piped.text.contains("\"samples\""))
      for (line, said) in [
        ("{\"no\":1}", "no sample of this version has this value"),
        ("{", "neither an imported one nor JSON"),
        ("", "neither an imported one nor JSON"),
      ] {
        let output = try await dataset.stemma.run(["trace", "--line", line])
        #expect(
          output.exitCode != 0 && output.errorText.contains(said), "\(line): \(output.errorText)")
      }
    }
  }

  @Test("impact counts and lists what descends, as text and as JSON")
  func impact() async throws {
    try await withDataset { dataset, _ in
      let show = try await dataset.stemma("impact", "prompts/generate.mustache")
      #expect(show.lines[0] == "prompt  generate")
      let samples = try await dataset.samples()
      let generated = try await dataset.objects("impact", "prompt:generate", "--kind", "samples")
      #expect(generated[0]["type"] == "impact" && generated[0]["root"]?["kind"] == "prompt")
      #expect(generated[0]["counts"]?["samples"]?.int == generated.count - 1)
      let ids = Set(samples.compactMap { $0["id"]?.string })
      #expect(ids.isSuperset(of: generated.dropFirst().compactMap { $0["id"]?.string }))
      // A node's slots are those that 'taxonomy show' counts.
      let mix = try #require(try await dataset.objects("list", "mixes").first?["value"])
      let node = try #require(mix["nodes"]?.array?.first?.string)
      let counts = try #require(try await dataset.objects("impact", node).first?["counts"])
      let mixes = try await dataset.objects("list", "mixes")
      let drawn = mixes.count { $0["value"]?["nodes"]?.array?.contains(.string(node)) == true }
      #expect(counts["mixes"]?.int == drawn && drawn > 0)
      let all = try await dataset.objects("impact", node, "--list")
      #expect(all.count - 1 == counts.object?.members.reduce(0) { $0 + ($1.value.int ?? 0) })
      #expect(try await dataset.stemma("impact", node, "--list").lines.count >= all.count)
      let key = try await dataset.objects("impact", "complexity.fraction")
      #expect(key[0]["stages"] == ["meta-prompts"])
      #expect(try await dataset.stemma("impact", "recipe.yaml:3").lines[0] == "recipe  samples")
      let none = try await dataset.stemma("impact", "budget.calls")
      #expect(none.text.contains("no stage"))
      let old = try await dataset.stemma.run(["impact", node, "--at", "HEAD~40"])
      #expect(old.exitCode == 3)
      let first = try await dataset.objects("impact", "version:HEAD", "--at", "HEAD")
      #expect(first[0]["counts"]?["samples"]?.int == samples.count)
      for (text, code, said) in [
        ("nothing of the kind", 3, "there is no 'nothing of the kind'"),
        ("recipe.yaml:999", 1, "nothing stands on line 999"), ("recipe.yaml:", 1, "names no line"),
        ("recipe.yaml:colour", 1, "a recipe has no key 'colour'"),
        ("model:none", 3, "there is no model 'none'"),
        ("run:1999", 3, "there is no run '1999'"), ("node:nowhere", 1, "no node is 'nowhere'"),
      ] {
        let output = try await dataset.stemma.run(["impact", text])
        #expect(
          output.exitCode == code && output.errorText.contains(said), "\(text): \(output.errorText)"
        )
        #expect(output.errorText.contains("hint: "), "\(text)")
      }
    }
  }

  @Test("the version that first had a record is told, over edits, returns, merges and compaction")
  func firstSeen() async throws {
    try await withServerDataset(SimulaScript(), { $0.shrink() }) { dataset, recipe, _ in
      try await dataset.run()
      let first = try await dataset.head()
      let old = try #require(try await dataset.samples().first?["id"]?.string)
      func seen(_ id: String, _ revision: String = "HEAD") async throws -> String? {
        try await dataset.objects("show", revision, "--first-seen", id).first?["version"]?.string
      }
      try await dataset.stemma("branch", "side")
      var other = recipe
      other.randomSeed = 5
      try dataset.write(other)
      try await dataset.run()
      let second = try await dataset.head()
      let new = try #require(try await dataset.samples().first?["id"]?.string)
      try dataset.write(recipe)
      try await dataset.run()
      // It was removed, and came back.
      #expect(try await seen(old) == first)
      #expect(try await seen(new) == second)
      try await dataset.stemma("checkout", "side")
      let lines = dataset.directory.deletingLastPathComponent().appending(path: "lines")
      try Data("one\n".utf8).write(to: lines)
      try await dataset.stemma("import", lines.path(percentEncoded: false))
      let side = try await dataset.head()
      let imported = try #require(try await dataset.objects("list", "imports").first?["id"]?.string)
      try await dataset.stemma("checkout", "main")
      try await dataset.stemma("merge", "side")
      try await dataset.stemma("compact")
      #expect(try await seen(imported) == side)
      #expect(try await seen(old) == first)
      let text = try await dataset.stemma("show", "--first-seen", imported).text
      let author = try await dataset.git("show", "-s", "--format=%an", side).lines[0]
      #expect(text.contains(side) && text.contains(author))
      #expect(
        try await dataset.objects("trace", imported).first?["root"]?["causes"]?.array?.last?["id"]?
          .string == side)
      // The same from a clone, which has no index yet.
      let copy = dataset.directory.deletingLastPathComponent().appending(path: "copy")
      try await dataset.git("clone", "-q", ".", copy.path(percentEncoded: false))
      let clone = TestDataset(at: copy)
      #expect(
        try await clone.objects("show", "--first-seen", old).first?["version"]?.string == first)
      #expect(try await dataset.stemma.run(["show", "side", "--first-seen", new]).exitCode == 3)
      let call = try #require(try await dataset.objects("list", "calls").first?["id"]?.string)
      #expect(try await dataset.stemma.run(["show", "--first-seen", call]).exitCode == 1)
    }
  }

  @Test("hostile texts stay texts in every format")
  func hostileTexts() async throws {
    try await withTemporaryDirectory { parent in
      try await StemmaProgram(in: parent)("init", "sums", "--recipe", "blank")
      let dataset = TestDataset(at: parent.appending(path: "sums", directoryHint: .isDirectory))
      let file = parent.appending(path: "lines")
      let line = JSON.object(JSONObject([("q", .string(Self.hostile))])).canonicalText
      try Data((line + "\n").utf8).write(to: file)
      try await dataset.stemma("import", file.path(percentEncoded: false))
      let id = try #require(try await dataset.objects("list", "imports").first?["id"]?.string)
      let dot = try await dataset.stemma("trace", id, "--format", "dot").text
      #expect(try DOT.nodes(dot).count == 2)
      #expect(!dot.contains("\u{1B}") && !dot.contains("\u{202E}"))
      let label = try #require(try DOT.labels(dot).first)
      #expect(
        label.contains(#"Add \"]; evil -> x"#.replacing("\\", with: "\\")) || label.contains("Add"))
      let mermaid = try await dataset.stemma("trace", id, "--format", "mermaid").text
      for line in mermaid.split(separator: "\n").dropFirst() {
        // Between the only two quotation marks there is nothing but letters and entities.
        let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
        #expect(parts.count == 3)
        let text = parts[1].replacing("<br/>", with: "")
        #expect(text.wholeMatch(of: /(?:[A-Za-z0-9 .,:'…-]|#[0-9]+;)*/) != nil, "\(text)")
      }
      let prov = try JSON(parsing: try await dataset.stemma("trace", id, "--format", "prov").text)
      let value = prov["entity"]?["stemma:import-\(id)"]?["prov:value"]?.string
      #expect(value == line)
      try await PROV.expectValid([prov])
    }
  }
}

/// Reads the DOT language as its grammar says, as far as traces use it.
private enum DOT {
  struct Broken: Error { let rest: Substring }

  static func nodes(_ text: String) throws -> [String] { try statements(text).compactMap(\.node) }
  static func labels(_ text: String) throws -> [String] { try statements(text).map(\.label) }

  private static func statements(_ text: String) throws -> [(node: String?, label: String)] {
    var rest = text[...]
    func take(_ word: String) throws {
      guard rest.hasPrefix(word) else { throw Broken(rest: rest.prefix(80)) }
      rest = rest.dropFirst(word.count)
    }
    // A quoted text ends at the first quotation mark that no backslash stands before.
    func quoted() throws -> String {
      try take("\"")
      var found = ""
      while let next = rest.popFirst() {
        if next == "\"" { return found }
        if next == "\\", let escaped = rest.popFirst() {
          found += escaped == "\"" ? "\"" : "\\\(escaped)"
        } else {
          found.append(next)
        }
      }
      throw Broken(rest: rest)
    }
    try take("digraph trace {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n")
    var statements: [(node: String?, label: String)] = []
    while !rest.hasPrefix("}") {
      try take("  ")
      let name = try quoted()
      let isEdge = rest.hasPrefix(" -> ")
      if isEdge {
        try take(" -> ")
        _ = try quoted()
      }
      try take(" [label=")
      let label = try quoted()
      try take("];\n")
      statements.append((isEdge ? nil : name, label))
    }
    try take("}\n")
    guard rest.isEmpty else { throw Broken(rest: rest) }
    return statements
  }
}

/// Another implementation of PROV: the Python package `prov`.
private enum PROV {
  /// Reads documents of PROV-JSON, writes them in two other forms, and checks the order of events.
  static func expectValid(_ documents: [JSON]) async throws {
    let output = try await PythonTools.script(
      script, input: documents.map { $0.text + "\n" }.joined())
    #expect(output.exitCode == 0, "\(output.errorText)")
    #expect(output.lines.count == documents.count)
    for (line, document) in zip(output.lines, documents) {
      let counts = try JSON(parsing: line)
      // Each entry is one statement, whatever it is.
      let entries = (document.object?.members ?? []).filter { $0.name != "prefix" }
        .reduce(0) { $0 + ($1.value.object?.members.count ?? 0) }
      #expect(counts["records"]?.int == entries)
      #expect(counts["dangling"] == [], "\(line.prefix(400))")
    }
  }

  private static let script = """
    import json, sys
    from prov.model import ProvDocument, ProvElement, ProvRelation
    for line in sys.stdin:
        document = ProvDocument.deserialize(content=line, format='json')
        records = list(document.get_records())
        known = {record.identifier for record in records if record.is_element()}
        dangling = []
        for record in records:
            if record.is_relation():
                for name, value in record.formal_attributes:
                    if value is not None and hasattr(value, 'localpart') and value not in known:
                        dangling.append(str(value))
        # What it makes of them says the same when it is read again.
        again = ProvDocument.deserialize(content=document.serialize(format='json'), format='json')
        assert again == document
        assert document.get_provn().startswith('document')
        document.unified()
        print(json.dumps({'records': len(records), 'dangling': dangling}))
    """
}
