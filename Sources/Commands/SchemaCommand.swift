import ArgumentParser
import CanonicalJSON
import Dataset
import Foundation
import Schemas

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    command: "schema",
    abstract: "Print the JSON Schema of what a dataset holds",
    discussion: """
      Without a name it lists them. They are of draft 2020-12 and refuse members that they do not \
      name. Imported lines have none: they are whatever they were. 'recipe', 'recalls' and those whose \
      names end in '-text' are for YAML that people edit, read as JSON with ids as text.

      EXAMPLES
        stemma schema
        stemma schema samples > samples.schema.json
        stemma list samples --json | jq .value | check-jsonschema --schemafile samples.schema.json -
      """)

  @OptionGroup var form: FormOptions

  @Argument(help: "A record kind, or another name that 'stemma schema' lists.")
  var name: String?

  func run() throws {
    guard let name else { return try list() }
    guard let schema = RecordSchema.all.first(where: { $0.name == name }) else {
      let names = RecordSchema.all.map(\.name)
      let near = NearestName.to(name, among: names)
      throw CommandError(
        "there is no schema '\(name)'",
        hint: near.map { "did you mean '\($0)'?" } ?? "known: \(names.joined(separator: ", "))",
        status: .usage)
    }
    guard form.isJSON else { return Output.raw(Array(schema.text.utf8)) }
    Output.json("schema", try members(schema) + [("schema", JSON(parsing: schema.text))])
  }

  private func list() throws {
    let width = (RecordSchema.all.map(\.name.count).max() ?? 0) + 2
    for schema in RecordSchema.all {
      if form.isJSON {
        Output.json("schema", try members(schema))
      } else {
        let title = try JSON(parsing: schema.text)["description"]?.string ?? ""
        Output.line(schema.name.padding(toLength: width, withPad: " ", startingAt: 0) + title)
      }
    }
  }

  private func members(_ schema: RecordSchema) throws -> [(String, JSON)] {
    let json = try JSON(parsing: schema.text)
    return [("name", .string(schema.name))]
      + ["$id", "title", "description"].map {
        ($0 == "$id" ? "id" : $0, json[$0] ?? .null)
      }
  }
}
