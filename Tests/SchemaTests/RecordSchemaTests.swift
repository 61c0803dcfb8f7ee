import ArtifactStore
import CanonicalJSON
import Foundation
import Schemas
import TestSupport
import Testing

@Suite("Schemas of records")
struct RecordSchemaTests {
  static let others = ["recipe", "dataset", "taxonomy", "growth"]
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

  @Test("another validator accepts all records of a dataset, and none that is a little off")
  func demo() async throws {
    try await withTemporaryDirectory { directory in
      let dataset = try await DemoDataset(in: directory)
      let expected = Set(RecordSchema.all.map(\.name)).subtracting(["recipe"])
      #expect(Set(dataset.lines.keys) == expected)
      var cases: [PythonValidator.Case] = []
      for (name, lines) in dataset.lines {
        cases += lines.map { PythonValidator.Case(schema: name, value: $0, isValid: true) }
        for line in try distinctForms(lines) { cases += try spoiled(name, line) }
      }
      let spoiledCount = cases.count { !$0.isValid }
      #expect(spoiledCount > 100)
      #expect(try await PythonValidator.complaints(cases) == [])
    }
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
    var values: [JSONObject] = []
    var more = object
    more["unexpected"] = 1
    values.append(more)
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
}
