import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Simula
import TestSupport
import Testing

@Suite("The descent of a sample")
struct TraceTests {
  private func flat(_ node: TraceNode) -> [TraceNode] { [node] + node.causes.flatMap(flat) }

  /// Changes what the local file says of the places of records.
  private func change(
    _ path: String, _ change: (_ object: String, _ row: Int) -> String
  ) throws -> Int {
    var changed = 0
    try self.change(path) { value, _ in
      for kind in ["proposals", "edits"] {
        guard let makers = value[kind]?.array else { continue }
        value[kind] = .array(
          try makers.map { maker in
            let parts = try #require(maker.string).split(separator: " ").map(String.init)
            #expect(parts.count == 3)
            changed += 1
            return .string("\(parts[0]) \(change(parts[1], try #require(Int(parts[2]))))")
          })
      }
    }
    return changed
  }

  /// Changes what the local file says of nodes and strategies.
  private func change(
    _ path: String, _ change: (inout JSONObject, _ id: UInt64) throws -> Void
  ) throws {
    let file = try #require(ColumnFile(path))
    let count = file.size(ofColumn: 0) / 8
    let ids = try #require(file.numbers(ofColumn: 0, count: count, as: UInt64.self))
    let ends = try #require(file.numbers(ofColumn: 1, count: count + 1, as: UInt32.self)).map(
      Int.init)
    var texts: [UInt8] = []
    var newEnds: [UInt32] = [0]
    for (id, (start, end)) in zip(ids, zip(ends, ends.dropFirst())) {
      let bytes = try #require(file.bytes(start..<end, ofColumn: 2))
      var value = try #require(try JSON(parsing: Array(bytes)).object)
      try change(&value, id)
      texts += JSON.object(value).canonicalBytes
      newEnds.append(UInt32(texts.count))
    }
    var writer = try ColumnFileWriter(path)
    try writer.append(ids)
    try writer.endColumn()
    try writer.append(newEnds)
    try writer.endColumn()
    try writer.append(texts)
    try writer.endColumn()
    try writer.finish(header: JSONObject([("key", try #require(file.header["key"]))]))
  }

  @Test("Damage anywhere in the local file is found, and the file made anew")
  func damagedOrigins() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "1")]))
      try await lab.run()
      let head = try lab.head()
      let sample = try #require(try head.records(.samples).first).id.hex
      let expected = try Trace(head).run(sample).json
      let place = head.store.folder.appending(path: "origins")
      let whole = try Data(contentsOf: place)
      // In every page, and in the checksum of each.
      for number in stride(from: 0, to: whole.count - 4, by: 1021) {
        var bytes = whole
        bytes[number] ^= 4
        try bytes.write(to: place)
        #expect(try Trace(head).run(sample).json == expected, "\(number)")
      }
      for number in (whole.count - 40)..<whole.count {
        var bytes = whole
        bytes[number] ^= 4
        try bytes.write(to: place)
        #expect(try Trace(head).run(sample).json == expected, "\(number)")
        #expect(try Trace(head).run(sample).json == expected, "\(number)")
      }
    }
  }

  @Test("Nodes that are below each other in the local file do not lead on for ever")
  func circle() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "1")]))
      try await lab.run()
      let head = try lab.head()
      let sample = try #require(try head.records(.samples).first).id.hex
      _ = try Trace(head).run(sample)
      let path = head.store.folder.appending(path: "origins").path(percentEncoded: false)
      try change(path) { value, id in
        // Each is its own parent.
        guard value["roots"] == nil else { return }
        let text = String(id, radix: 16)
        value["parent"] = .string(String(repeating: "0", count: 16 - text.count) + text)
      }
      let nodes = flat(try Trace(head).run(sample))
      #expect(nodes.contains { $0.relation == "taxonomy node" })
    }
  }

  @Test("A record that was moved since the places were noted is found all the same")
  func moved() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(in: folder, recipe: try Lab.recipe([(["samples"], "2")]))
      try await lab.run()
      let head = try lab.head()
      let samples = try head.records(.samples)
      let expected = try samples.map { try Trace(head).run($0.id.hex).json }
      let path = head.store.folder.appending(path: "origins").path(percentEncoded: false)
      let nowhere = String(repeating: "5a", count: 20)
      for place in [
        { (object: String, row: Int) in "\(object) \(row + 1)" },
        { object, _ in "\(object) \(Int.max)" }, { object, _ in "\(object) -1" },
        { _, row in "\(nowhere) \(row)" }, { _, _ in "\(head.commit.id.hex) 0" },
        { _, _ in "" }, { _, _ in "x y" },
      ] {
        // The file as it should be, first.
        try FileManager.default.removeItem(atPath: path)
        #expect(try samples.map { try Trace(head).run($0.id.hex).json } == expected)
        #expect(try change(path, place) > 10)
        #expect(try samples.map { try Trace(head).run($0.id.hex).json } == expected)
      }
    }
  }

  @Test("It holds recipe, strategy, nodes, proposals, scenarios, prompts, answers and verdicts")
  func complete() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder,
        recipe: try Lab.recipe([(["samples"], "4"), (["complexity", "fraction"], "1")]))
      try await lab.run()
      let head = try lab.head()
      let sources = try #require(try lab.sources)
      let trace = try Trace(head)
      let samples = try head.records(.samples)
      #expect(samples.count == 4)
      for sample in samples {
        let tree = try trace.run(sample.id.hex)
        let nodes = flat(tree)
        func of(_ relation: String) -> [TraceNode] { nodes.filter { $0.relation == relation } }
        #expect(tree.content == (try sample.value()))
        #expect(of("meta-prompt").count >= 1)
        #expect(of("complexified from").count >= 1)

        let mix = try #require(of("mix").first)
        let drawn = mix.content["strategy"]?.string
        let strategy = try #require(sources.strategies.first { $0.id.text == drawn })
        #expect(of("strategy").first?.content["name"]?.string == strategy.name)
        let ids = mix.content["nodes"]?.array?.compactMap(\.string) ?? []
        #expect(ids.count == strategy.roots.count)
        #expect(of("taxonomy node").prefix(ids.count).map(\.id) == ids)
        for node in of("taxonomy node") {
          let id = try #require(NodeID(node.id))
          let path = sources.taxonomy(holding: id)?.path(to: id).map(\.name)
          #expect(node.content["path"]?.string == path?.joined(separator: " > "))
          // The critic may have named it; else some proposal did.
          let origins = ["proposed in", "edited by the critic"]
          #expect(node.causes.contains { origins.contains($0.relation) })
        }

        let calls = of("call")
        let tasks = Set(calls.compactMap { $0.content["request"]?["task"]?.string })
        #expect(tasks.isSuperset(of: ["meta-prompts", "complexify", "judge-requirements"]))
        #expect(tasks.contains("generate") || tasks.contains("refine"))
        for call in calls {
          #expect(call.content["request"]?["messages"]?.array?.isEmpty == false)
          #expect(call.content["answer"]?["text"]?.string?.isEmpty == false)
          #expect(call.content["request"]?["model"]?.string?.hasPrefix("arithmetic") == true)
        }
        let verdicts = of("verdict")
        #expect(
          Set(verdicts.compactMap { $0.content["role"]?.string })
            == ["judge-requirements", "ask-correct", "ask-incorrect"])
        #expect(verdicts.allSatisfy { $0.content["sample"]?.string == sample.id.hex })

        let origin = try #require(of("first in version").last)
        #expect(origin.id == head.commit.id.hex)
        #expect(origin.content["run"]?.string == head.memos["Run-Id"])
        let recipe = try #require(try head.file("recipe.yaml"))
        #expect(origin.content["recipe"]?.string == Digest(of: recipe).hex)
      }
    }
  }

  @Test("It names the version in which a sample first was, and what was rejected before it")
  func history() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder,
        recipe: try Lab.recipe([
          (["samples"], "8"), (["teachers", "default", "wrong-answers"], "0.5"),
        ]))
      try await lab.run()
      let first = try lab.head()
      let old = Set(try first.records(.samples).map(\.id))
      try lab.set(["samples"], to: "10")
      try await lab.run()
      let head = try lab.head()
      let trace = try Trace(head)
      var before = 0
      for sample in try head.records(.samples) {
        let nodes = flat(try trace.run(String(sample.id.hex.prefix(20))))
        let origin = nodes.last { $0.relation == "first in version" }
        #expect(origin?.id == (old.contains(sample.id) ? first : head).commit.id.hex)
        let attempt = try sample.value()["attempt"]?.int ?? 0
        let rejections = nodes.filter { $0.relation == "rejected before" }
        #expect(rejections.count >= attempt)
        #expect(rejections.allSatisfy { ($0.content["attempt"]?.int ?? 99) <= attempt })
        before += rejections.count
      }
      #expect(before > 0)
    }
  }

  @Test(
    "The trace of a node has every proposal that named it and every edit of the critic that left it"
  )
  func nodes() async throws {
    try await withTemporaryDirectory { folder in
      let lab = try Lab.make(
        in: folder,
        recipe: try Lab.recipe([(["samples"], "1"), (["taxonomy", "proposals"], "3")]))
      try await lab.run()
      let head = try lab.head()
      let sources = try #require(try lab.sources)
      let trace = try Trace(head)
      var counts: [RecordKind: Int] = [:]
      for (kind, relation) in [
        (RecordKind.proposals, "proposed in"), (.edits, "edited by the critic"),
      ] {
        for record in try head.records(kind) {
          let value = try record.value()
          let parent = value["node"]?.string.flatMap { NodeID($0) }
          let names =
            (value["names"]?.array ?? [])
            + [value["candidate"], value["target"]].compactMap(\.self)
          for name in names.compactMap(\.string) where !name.isEmpty {
            let id = NodeID(bornUnder: parent, name: name)
            guard sources.taxonomy(holding: id) != nil else { continue }
            let tree = try trace.run(id.text)
            #expect(tree.relation == "taxonomy node" && tree.id == id.text)
            #expect(tree.causes.contains { $0.relation == relation && $0.id == record.id.hex })
            counts[kind, default: 0] += 1
          }
        }
      }
      #expect(counts[.proposals, default: 0] > 10 && counts[.edits, default: 0] > 0)
    }
  }
}
