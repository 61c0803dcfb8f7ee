import CanonicalJSON

/// The fields of a Croissant record set by the JSON Schema of samples.
struct CroissantFields {
  private let schema: JSON
  private let file: String
  /// How far references are followed.
  private static let maximumDepth = 8

  init(schema: String, file: String) {
    self.schema = (try? JSON(parsing: schema)) ?? .null
    self.file = file
  }

  /// The fields of those properties that lines have.
  func make(in recordSet: String, only members: Set<String>) -> [JSON] {
    properties(of: resolve(schema)).filter { members.contains($0.name) }.map {
      field(id: "\(recordSet)/\($0.name)", $0.name, $0.value, column: $0.name)
    }
  }

  private func field(id: String, _ name: String, _ property: JSON, column: String) -> JSON {
    let schema = resolve(property)
    let isArray = type(of: schema) == "array"
    let item = isArray ? resolve(schema["items"] ?? .null) : schema
    var field = JSONObject([
      ("@type", "cr:Field"), ("@id", .string(id)), ("name", .string(name)),
    ])
    field["description"] = (property["description"] ?? schema["description"])?.string.map(
      JSON.string)
    if isArray {
      field["isArray"] = true
      field["arrayShape"] = "-1"
    }
    let members = type(of: item) == "object" ? leaves(of: item, path: [], depth: 0) : []
    if members.isEmpty {
      field["dataType"] = .string(Self.dataType(type(of: item)))
      field["source"] = source(column, path: [])
    } else {
      field["subField"] = .array(
        members.map { path, leaf in
          let isList = type(of: leaf) == "array"
          var sub = JSONObject([
            ("@type", "cr:Field"), ("@id", .string("\(id)/\(path.joined(separator: "/"))")),
            ("name", .string(path.joined(separator: "."))),
            (
              "dataType",
              .string(
                Self.dataType(type(of: isList ? resolve(leaf["items"] ?? .null) : leaf)))
            ), ("source", source(column, path: path)),
          ])
          if isList {
            sub["isArray"] = true
            sub["arrayShape"] = "-1"
          }
          return .object(sub)
        })
    }
    return .object(field)
  }

  private func source(_ column: String, path: [String]) -> JSON {
    var source = JSONObject([
      ("fileObject", ["@id": .string(file)]), ("extract", ["column": .string(column)]),
    ])
    if !path.isEmpty {
      let steps = path.map { "'\($0.replacing("'", with: "\\'"))'" }
      source["transform"] = ["jsonPath": .string("$." + steps.joined(separator: "."))]
    }
    return .object(source)
  }

  /// The properties of an object that are no objects themselves, by their paths.
  private func leaves(
    of schema: JSON, path: [String], depth: Int
  ) -> [(path: [String], schema: JSON)] {
    properties(of: schema).flatMap { member -> [(path: [String], schema: JSON)] in
      let (name, inner) = (member.name, resolve(member.value))
      let isObject = type(of: inner) == "object" && depth < Self.maximumDepth
      let below = isObject ? leaves(of: inner, path: path + [name], depth: depth + 1) : []
      return below.isEmpty ? [(path + [name], inner)] : below
    }
  }

  private func properties(of schema: JSON) -> [JSONObject.Member] {
    schema["properties"]?.object?.members ?? []
  }

  /// Follows references within the schema, and takes the first of alternatives that is not null.
  private func resolve(_ value: JSON, depth: Int = 0) -> JSON {
    guard depth < Self.maximumDepth else { return .null }
    if let reference = value["$ref"]?.string, reference.hasPrefix("#/") {
      var target = schema
      for step in reference.dropFirst(2).split(separator: "/") {
        let name = String(step).replacing("~1", with: "/").replacing("~0", with: "~")
        target = target[name] ?? .null
      }
      return resolve(target, depth: depth + 1)
    }
    for keyword in ["anyOf", "oneOf", "allOf"] {
      for choice in value[keyword]?.array ?? [] {
        let resolved = resolve(choice, depth: depth + 1)
        if let name = type(of: resolved), name != "null" { return resolved }
      }
    }
    return value
  }

  /// The type of a value, of several the first that is not null.
  private func type(of schema: JSON) -> String? {
    if let name = schema["type"]?.string { return name }
    if let names = schema["type"]?.array {
      return names.compactMap(\.string).first { $0 != "null" }
    }
    if schema["properties"] != nil { return "object" }
    let values = schema["enum"]?.array ?? schema["const"].map { [$0] } ?? []
    if !values.isEmpty, values.allSatisfy({ $0.int != nil }) { return "integer" }
    if !values.isEmpty, values.allSatisfy({ $0.double != nil }) { return "number" }
    if !values.isEmpty, values.allSatisfy({ $0.bool != nil }) { return "boolean" }
    return values.isEmpty ? nil : "string"
  }

  private static func dataType(_ type: String?) -> String {
    switch type {
    case "integer": "sc:Integer"
    case "number": "sc:Float"
    case "boolean": "sc:Boolean"
    default: "sc:Text"
    }
  }
}
