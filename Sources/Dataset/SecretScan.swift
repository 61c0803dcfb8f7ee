import Foundation

/// Finds credentials in bytes that are about to be kept for good.
package struct SecretScan: Sendable {
  /// One place where something secret stands.
  package struct Finding: Sendable, Hashable {
    /// The number of the line, from 1.
    package let line: Int
    /// What it is, never the secret itself.
    package let what: String
  }

  /// How keys of one kind look.
  private struct Shape {
    let prefix: String
    /// How many letters and digits in a row must be in what follows.
    let runLength: Int
    let what: String
  }

  private static let shapes = [
    Shape(prefix: "sk-ant-", runLength: 16, what: "an API key of Anthropic"),
    Shape(prefix: "sk-", runLength: 16, what: "an API key ('sk-...')"),
    Shape(prefix: "AIza", runLength: 10, what: "an API key of Google"),
    Shape(prefix: "hf_", runLength: 28, what: "a token of Hugging Face"),
    Shape(prefix: "ghp_", runLength: 30, what: "a token of GitHub"),
    Shape(prefix: "gho_", runLength: 30, what: "a token of GitHub"),
    Shape(prefix: "ghs_", runLength: 30, what: "a token of GitHub"),
    Shape(prefix: "github_pat_", runLength: 20, what: "a token of GitHub"),
    Shape(prefix: "gsk_", runLength: 40, what: "an API key of Groq"),
    Shape(prefix: "xai-", runLength: 40, what: "an API key of xAI"),
    Shape(prefix: "AKIA", runLength: 16, what: "an access key of AWS"),
  ]
  private static let armour = (start: "-----BEGIN ", end: "PRIVATE KEY-----")
  /// A shorter value would be found in any text.
  private static let shortestValue = 8

  private let values: [(name: String, bytes: [UInt8])]

  /// Looks for the values of variables beside keys of known shapes.
  ///
  /// - Parameter variables: The names and what they hold; short values are passed over.
  package init(variables: [(name: String, value: String)]) {
    values = variables.compactMap { name, value in
      let bytes = Array(value.utf8)
      return bytes.count < Self.shortestValue ? nil : (name, bytes)
    }
  }

  /// Finds all of it in a text; each line is told once.
  package func findings(in text: [UInt8]) -> [Finding] {
    var findings = values(in: text)
    for shape in Self.shapes {
      let prefix = Array(shape.prefix.utf8)
      for place in Self.places(of: prefix, in: text)
      where Self.isKey(text, at: place, prefix, shape.runLength) {
        findings.append((place, shape.what))
      }
    }
    for place in Self.places(of: Array(Self.armour.start.utf8), in: text) {
      let line = text[place...].prefix(80).prefix { $0 != 0x0A }
      if String(decoding: line, as: UTF8.self).contains(Self.armour.end) {
        findings.append((place, "a private key"))
      }
    }
    return Self.told(findings, in: text)
  }

  /// Finds only the values of the variables, as in bytes of which shapes say nothing.
  package func findingsOfValues(in bytes: [UInt8]) -> [Finding] {
    Self.told(values(in: bytes), in: bytes)
  }

  private func values(in text: [UInt8]) -> [(place: Int, what: String)] {
    values.flatMap { name, value in
      Self.places(of: value, in: text).map { ($0, "the value of the variable '\(name)'") }
    }
  }

  private static func told(
    _ findings: [(place: Int, what: String)], in text: [UInt8]
  ) -> [Finding] {
    var told: [Finding] = []
    var lines = Set<Int>()
    var counted = (place: 0, line: 1)
    for finding in findings.sorted(by: { $0.place < $1.place }) {
      counted.line += text[counted.place..<finding.place].count { $0 == 0x0A }
      counted.place = finding.place
      if lines.insert(counted.line).inserted {
        told.append(Finding(line: counted.line, what: finding.what))
      }
    }
    return told
  }

  private static func places(of needle: [UInt8], in text: [UInt8]) -> [Int] {
    guard let first = needle.first else { return [] }
    return text.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return [] }
      var places: [Int] = []
      var start = 0
      while start + needle.count <= bytes.count,
        let found = memchr(base + start, Int32(first), bytes.count - needle.count - start + 1)
      {
        let place = base.distance(to: UnsafeRawPointer(found))
        if memcmp(found, needle, needle.count) == 0 { places.append(place) }
        start = place + 1
      }
      return places
    }
  }

  /// Whether a key begins at a place: no word goes on there, and what follows is no word either.
  private static func isKey(
    _ text: [UInt8], at place: Int, _ prefix: [UInt8], _ runLength: Int
  ) -> Bool {
    guard place == 0 || !isOfKey(text[place - 1]) else { return false }
    let tail = text[(place + prefix.count)...].prefix(200).prefix(while: isOfKey)
    let runs = tail.split { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
    return runs.contains { run in
      run.count >= runLength && run.contains { (0x30...0x39).contains($0) }
        && run.contains { !(0x30...0x39).contains($0) }
    }
  }

  private static func isOfKey(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
    default: false
    }
  }
}
