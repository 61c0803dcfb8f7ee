import CanonicalJSON
import Foundation
import Schemas
import TestSupport

/// Another implementation of JSON Schema than the program's own: the Python package `jsonschema`.
struct PythonValidator {
  /// A value with what the schema should say of it.
  struct Case {
    let schema: String
    let value: String
    let isValid: Bool
    /// Whether the value is YAML rather than JSON.
    var isYAML = false
  }

  /// What it answered otherwise than expected; at most a few.
  static func complaints(_ cases: [Case]) async throws -> [String] {
    var input = RecordSchema.all.map { schema in
      (["name": .string(schema.name), "text": .string(schema.text)] as JSON).text
    }
    input += cases.map { item in
      let value: JSON = [
        "schema": .string(item.schema), "value": .string(item.value), "valid": .bool(item.isValid),
        "yaml": .bool(item.isYAML),
      ]
      return value.text
    }
    let output = try await PythonTools.script(script, input: input.joined(separator: "\n"))
    return output.exitCode == 0 ? output.lines : [output.errorText]
  }

  private static let script = """
    import json, re, sys
    import yaml
    from jsonschema import Draft202012Validator
    class Loader(yaml.SafeLoader):
        pass
    # An id of digits alone is text, which YAML itself cannot know.
    def integer(loader, node):
        is_id = re.fullmatch("[0-9a-f]{16}", node.value)
        return node.value if is_id else yaml.SafeLoader.construct_yaml_int(loader, node)
    Loader.add_constructor("tag:yaml.org,2002:int", integer)
    validators, complaints = {}, 0
    for line in sys.stdin:
        item = json.loads(line)
        if "text" in item:
            schema = json.loads(item["text"])
            Draft202012Validator.check_schema(schema)
            validators[item["name"]] = Draft202012Validator(schema)
            continue
        value = yaml.load(item["value"], Loader) if item["yaml"] else json.loads(item["value"])
        error = next(validators[item["schema"]].iter_errors(value), None)
        if (error is None) != item["valid"] and complaints < 20:
            complaints += 1
            said = error.message if error else "valid"
            print(item["schema"], said[:300], item["value"][:300], sep=": ")
    """
}
