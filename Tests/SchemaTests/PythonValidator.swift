import CanonicalJSON
import Foundation
import Schemas
import Subprocess
import Testing

/// Another implementation of JSON Schema than the program's own: the Python package `jsonschema`.
struct PythonValidator {
  /// A value with what the schema should say of it.
  struct Case {
    let schema: String
    let value: String
    let isValid: Bool
  }

  /// What it answered otherwise than expected; at most a few.
  static func complaints(_ cases: [Case]) async throws -> [String] {
    var input = RecordSchema.all.map { schema in
      (["name": .string(schema.name), "text": .string(schema.text)] as JSON).text
    }
    input += cases.map { item in
      let value: JSON = [
        "schema": .string(item.schema), "value": .string(item.value), "valid": .bool(item.isValid),
      ]
      return value.text
    }
    let result = try await Subprocess.run(
      .name("python3"), arguments: ["-c", script],
      input: .array(Array(input.joined(separator: "\n").utf8)), output: .string(limit: 1 << 20),
      error: .string(limit: 1 << 20))
    if result.terminationStatus == .exited(3) {
      Issue.record("this test needs a Python package: python3 -m pip install jsonschema")
      return []
    }
    guard result.terminationStatus == .exited(0) else { return [result.standardError] }
    return result.standardOutput.split(separator: "\n").map(String.init)
  }

  private static let script = """
    import json, sys
    try:
        from jsonschema import Draft202012Validator
    except ImportError:
        sys.exit(3)
    validators, complaints = {}, 0
    for line in sys.stdin:
        item = json.loads(line)
        if "text" in item:
            schema = json.loads(item["text"])
            Draft202012Validator.check_schema(schema)
            validators[item["name"]] = Draft202012Validator(schema)
            continue
        value = json.loads(item["value"])
        error = next(validators[item["schema"]].iter_errors(value), None)
        if (error is None) != item["valid"] and complaints < 20:
            complaints += 1
            said = error.message if error else "valid"
            print(item["schema"], said[:300], item["value"][:300], sep=": ")
    """
}
