package import ArtifactStore
import CanonicalJSON

/// Which slots of a version have samples, and what those cost.
package struct SlotUse: Sendable, Hashable {
  /// How many samples each slot keeps, where slots that share a mix count as the group's.
  package private(set) var samples: [Slot: Int] = [:]
  package private(set) var sampleCount = 0
  /// The samples of the slots themselves, when they were asked for.
  package private(set) var identities: [Slot: RecordID] = [:]
  /// How many answers one kept sample took on average, by the version's records; nil without samples.
  package private(set) var callsPerSample: Double?

  package init() {}

  /// The kinds of records each of which is one answer that a model gave for a slot.
  static let answeredKinds: [RecordKind] = [.metaPrompts, .samples, .rejections, .verdicts]

  /// Reads the samples of a version.
  ///
  /// - Parameters:
  ///   - version: Whose samples count.
  ///   - instances: How many slots in a row share a mix.
  ///   - naming: Whether to remember which sample each slot has.
  /// - Throws: What reading records throws.
  package init(_ version: Version, instances: Int, naming: Bool = false) throws {
    sampleCount = try version.liveCount(.samples)
    try Self.forEachSlot(.samples, in: version) { slot, line in
      samples[slot.group(instances: instances), default: 0] += 1
      if naming { identities[slot] = try Record(.samples, line: Array(line)).id }
    }
    guard sampleCount > 0 else { return }
    var answers = 0
    for kind in Self.answeredKinds { answers += try version.liveCount(kind) }
    callsPerSample = Double(answers) / Double(sampleCount)
  }

  /// Lends the slots that records of a kind name, with their lines.
  static func forEachSlot(
    _ kind: RecordKind, in version: Version,
    _ body: (Slot, _ line: UnsafeRawBufferPointer.SubSequence) throws -> Void
  ) throws {
    try version.forEachLines(kind) { lines in
      try lines.withUnsafeBytes { bytes in
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
          if let slot = slot(of: line) { try body(slot, line) }
        }
      }
    }
  }

  /// The slot of a line: what stands before it in canonical order holds no free text.
  private static func slot(of line: UnsafeRawBufferPointer.SubSequence) -> Slot? {
    let name = Array("\"slot\":".utf8)
    var place = line.startIndex
    let last = min(line.endIndex, line.startIndex + 8192)
    while place + name.count < last {
      if line[place] == name[0], line[place..<(place + name.count)].elementsEqual(name) {
        let value = line[(place + name.count)...].prefix {
          $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}")
        }
        return Slot(try? JSON(parsing: Array(value)))
      }
      place += 1
    }
    return nil
  }
}
