import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Schemas
import Teachers
import TestSupport
import Testing

@Suite("Schemas of records")
struct RecordSchemaTests {
  static let texts = ["recipe", "factors-text", "taxonomy-text", "strategies-text", "recalls"]
  static let others = texts + ["dataset", "taxonomy", "growth", "runs"]
  /// Imported lines are opaque.
  static let kinds = RecordKind.allCases.filter { $0 != .imports }

  private func schema(_ name: String) throws -> JSON {
    try JSON(parsing: try #require(RecordSchema.all.first { $0.name == name }).text)
  }

  @Test("every kind of record has a schema, and so have the other objects")
  func complete() {
    let names = RecordSchema.all.map(\.name)
    #expect(Set(names) == Set(Self.kinds.map(\.rawValue) + Self.others))
    #expect(names.count == Set(names).count)
  }

  @Test("a schema says its own name and version, and is closed", arguments: RecordSchema.all)
  func heading(schema: RecordSchema) throws {
    let json = try JSON(parsing: schema.text)
    #expect(json["$schema"] == "https://json-schema.org/draft/2020-12/schema")
    #expect(json["$id"]?.string == "https://stemma.dev/schemas/\(schema.name).v1.schema.json")
    #expect(json["title"]?.string?.isEmpty == false)
    #expect(json["description"]?.string?.isEmpty == false)
    for form in json["oneOf"]?.array ?? [json] {
      #expect(form["additionalProperties"] == false)
      #expect(form["required"]?.array?.isEmpty == false)
    }
  }

  @Test("the schemas are the files of the repository", arguments: RecordSchema.all)
  func files(schema: RecordSchema) throws {
    let file = Self.root.appending(path: "Schemas/v1/\(schema.name).v1.schema.json")
    #expect(try String(contentsOf: file, encoding: .utf8) == schema.text)
  }

  private static let root = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The rows of the table in the description of the format, by kind.
  private static func documented() throws -> [String: (all: Set<String>, required: Set<String>)] {
    let file = root.appending(path: "Sources/ArtifactStore/ArtifactStore.docc/format.md")
    let text = try String(contentsOf: file, encoding: .utf8)
    var rows: [String: (all: Set<String>, required: Set<String>)] = [:]
    for row in text.matches(of: /(?m)^\| `([a-z-]+)` \| ([^|]+) \|/) {
      let members = row.2.matches(of: /`([a-z-]+)`(\?)?/)
      rows[String(row.1)] = (
        Set(members.map { String($0.1) }),
        Set(members.filter { $0.2 == nil }.map { String($0.1) })
      )
    }
    return rows
  }

  @Test(
    "schemas and the description of the format name the same members",
    arguments: kinds)
  func documentation(kind: RecordKind) throws {
    let row = try #require(try Self.documented()[kind.rawValue])
    let json = try schema(kind.rawValue)
    let forms = json["oneOf"]?.array ?? [json]
    let names = Set(forms.flatMap { $0["properties"]?.object?.names ?? [] })
    #expect(names == row.all)
    // Of the two forms of a tombstone, each needs all of its own members.
    let required = Set(forms.flatMap { $0["required"]?.array ?? [] }.compactMap(\.string))
    #expect(required == row.required)
  }

  @Test("another validator accepts all that a dataset holds, and nothing that is a little off")
  func demo() async throws {
    try await withTemporaryDirectory { directory in
      let dataset = try await DemoDataset(in: directory)
      let imports = [RecordKind.imports.rawValue]
      #expect(Set(dataset.texts.keys) == Set(Self.texts))
      #expect(
        Set(dataset.lines.keys).subtracting(imports)
          == Set(RecordSchema.all.map(\.name)).subtracting(Self.texts))
      var cases: [PythonValidator.Case] = []
      for (name, lines) in dataset.lines where !imports.contains(name) {
        cases += lines.map { PythonValidator.Case(schema: name, value: $0, isValid: true) }
        for line in try distinctForms(lines) { cases += try spoiled(name, line) }
        try expectAllMembers(of: name, in: lines)
      }
      for (name, texts) in dataset.texts {
        for text in texts {
          cases.append(
            PythonValidator.Case(schema: name, value: text, isValid: true, isYAML: true))
          cases.append(
            PythonValidator.Case(
              schema: name, value: text + "\nunexpected: 1\n", isValid: false, isYAML: true))
        }
      }
      let spoiledCount = cases.count { !$0.isValid }
      #expect(spoiledCount > 200)
      #expect(try await PythonValidator.complaints(cases) == [])
    }
  }

  @Test("the schema of recalls and the reader of their text agree")
  func recalls() async throws {
    let (id, node) = (String(repeating: "ab", count: 32), "0123456789abcdef")
    let entries: [(text: String, isValid: Bool)] = [
      ("{call: \(id)}", true), ("{call: \(id), key: \(id), task: generate, was: x}", true),
      ("{call: \(id.dropLast())}", false), ("{key: \(id)}", false),
      ("{node: \(node), reason: \"a: b\"}", true), ("{node: \(node)0}", false),
      ("{node: \(node), run: x}", false), ("{node: \(node), key: \(id)}", false),
      ("{mix: \(id), slot: 12}", true), ("{mix: \(id), slot: gap/\(node)/0}", true),
      ("{mix: \(id)}", false), ("{mix: \(id), slot: -1}", false),
      ("{mix: \(id), slot: gap/\(node)/01}", false), ("{mix: \(id), slot: gap/x/1}", false),
      ("{model: m, provider: openai, revision: '2'}", true), ("{model: m}", false),
      ("{model: m, provider: nobody}", false), ("{template: generate, digest: \(id)}", true),
      ("{template: generate}", false), ("{run: 20250101T000000Z-0badcafe}", true),
      ("{run: ''}", false), ("{}", false), ("{reason: none}", false), ("{nod: \(node)}", false),
    ]
    let texts =
      entries.map { ("recalls:\n- \($0.text)\n", $0.isValid) } + [
        ("recalls:\n", true), ("recalls: []\n", true), ("recalls: {}\n", false),
        ("recals:\n", false), ("- {node: \(node)}\n", false),
      ]
    for (text, isValid) in texts {
      let isRead = (try? RecallsText.decode(Array(text.utf8))) != nil
      #expect(isRead == isValid, "\(text)")
    }
    let cases = texts.map {
      PythonValidator.Case(schema: "recalls", value: $0.0, isValid: $0.1, isYAML: true)
    }
    #expect(try await PythonValidator.complaints(cases) == [])
  }

  /// Makes sure that what a schema names is written, and what it requires always is.
  private func expectAllMembers(of name: String, in lines: [String]) throws {
    let json = try schema(name)
    let forms = json["oneOf"]?.array ?? [json]
    let values = try lines.map { Set(try JSON(parsing: $0).object?.names ?? []) }
    let known = Set(forms.flatMap { $0["properties"]?.object?.names ?? [] })
    let written = values.reduce(into: Set<String>()) { $0.formUnion($1) }
    #expect(known == written, "\(name)")
    guard forms.count == 1 else { return }
    // What every line has is required, unless it may be left out of others.
    let required = Set(json["required"]?.array?.compactMap(\.string) ?? [])
    #expect(values.allSatisfy { required.isSubset(of: $0) }, "\(name)")
  }

  @Test("the encoder of calls writes what the schema names, with everything set and with nothing")
  func calls() async throws {
    func record(_ request: CallRequest) -> String {
      let reply = Reply(
        answer: Answer(text: "{}", finish: .stop), usage: Usage(inputTokens: 3, outputTokens: 2))
      return String(decoding: RecordedCall.record(request, reply: reply).line, as: UTF8.self)
    }
    let least = CallRequest(
      task: "solve", provider: "openai", model: "m", messages: [Message(.user, "2 + 2?")],
      draw: "slot 1 attempt 0")
    var most = least
    most.revision = "7"
    most.sampling = Sampling(temperature: 0.5, topP: 0.9, maxTokens: 100)
    most.schema = "{}"
    most.extraBody = ["seed": 1]
    most.inputs = ["question": "2 + 2?"]
    let lines = [record(least), record(most)]
    #expect(
      try await PythonValidator.complaints(
        lines.map { PythonValidator.Case(schema: "calls", value: $0, isValid: true) }) == [])
    let request = try #require(try schema("calls")["properties"]?["request"])
    let written = try lines.map { Set(try JSON(parsing: $0)["request"]?.object?.names ?? []) }
    #expect(written[0] == Set(request["required"]?.array?.compactMap(\.string) ?? []))
    #expect(written[1] == Set(request["properties"]?.object?.names ?? []))
  }

  /// One line for each set of members that occurs.
  private func distinctForms(_ lines: [String]) throws -> [JSONObject] {
    var forms: [[String]: JSONObject] = [:]
    for line in lines {
      guard let object = try JSON(parsing: line).object else { continue }
      forms[object.names] = forms[object.names] ?? object
    }
    return Array(forms.values)
  }

  /// The same value with a member more, with one of another type, or without a required one.
  private func spoiled(_ name: String, _ object: JSONObject) throws -> [PythonValidator.Case] {
    let json = try schema(name)
    let forms = json["oneOf"]?.array ?? [json]
    let required = Set(forms.flatMap { $0["required"]?.array ?? [] }.compactMap(\.string))
    var values = Self.withMemberMore(.object(object)).compactMap(\.object)
    for member in object.names {
      var other = object
      // Values and answers may be of any type.
      if !["value", "answer"].contains(member) || name == "calls" {
        other[member] = .array([.null])
        values.append(other)
      }
      if required.contains(member) {
        other[member] = nil
        values.append(other)
      }
    }
    return values.map {
      PythonValidator.Case(schema: name, value: JSON.object($0).text, isValid: false)
    }
  }

  /// The same with one member more in it or in one of the objects inside, in all ways there are.
  private static func withMemberMore(_ value: JSON) -> [JSON] {
    switch value {
    case .object(let object):
      var more = object
      more["unexpected"] = 1
      return [.object(more)]
        + object.members.filter { !open.contains($0.name) }.flatMap { member in
          withMemberMore(member.value).map { changed in
            var copy = object
            copy[member.name] = changed
            return JSON.object(copy)
          }
        }
    case .array(let items):
      // One item stands for all.
      return items.first.map(withMemberMore)?.map { .array([$0] + items.dropFirst()) } ?? []
    default: return []
    }
  }

  /// Members whose values are in nobody's form but the user's.
  private static let open: Set = ["value", "inputs", "body"]
}
