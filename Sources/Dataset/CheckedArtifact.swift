package import ArtifactStore
import CanonicalJSON
package import Git

/// An artifact whose bytes are what its name and the format say.
package struct CheckedArtifact: Sendable {
  /// The most bytes of an artifact that is no shard, whose value is read as a whole.
  package static let maximumObjectSizeInBytes = 16 << 20

  package let path: ArtifactPath
  package let bytes: [UInt8]
  /// The lines of a shard; none of another artifact.
  package let lines: [Range<Int>]
  /// The ids of a shard's records, in row order.
  package let ids: [RecordID]

  /// Checks the frame that git holds at a path.
  ///
  /// - Throws: ``StoreError`` with code `corrupt` that says what is wrong.
  package init(
    _ path: ArtifactPath, frame: [UInt8], object: ObjectID, reader: ShardReader
  ) throws(StoreError) {
    self.path = path
    let bytes = try reader.content(of: frame.span.bytes, from: object)
    self.bytes = bytes
    guard Digest(of: bytes) == path.digest else {
      throw StoreError(.corrupt, "its bytes do not hash to its name")
    }
    guard let kind = path.kind else {
      guard bytes.count <= Self.maximumObjectSizeInBytes else {
        throw StoreError(
          .corrupt, "it has \(bytes.count) bytes, at most \(Self.maximumObjectSizeInBytes) are read"
        )
      }
      guard (try? JSON(parsing: bytes)) != nil else { throw StoreError(.corrupt, "it is not JSON") }
      (lines, ids) = ([], [])
      return
    }
    let lines = try Shard.lineRanges(bytes)
    var ids: [RecordID] = []
    ids.reserveCapacity(lines.count)
    for line in lines {
      guard kind == .calls else {
        ids.append(RecordID(kind: kind, line: bytes.span.extracting(line).bytes))
        continue
      }
      ids.append(try Record(kind, line: Array(bytes[line])).id)
    }
    guard Set(ids).count == ids.count else {
      throw StoreError(.corrupt, "it holds a record twice")
    }
    self.lines = lines
    self.ids = ids
    // Imported lines are opaque.
    for (line, id) in zip(lines, ids) where kind != .imports {
      let text = Array(bytes[line])
      let value: JSON
      do {
        value = try JSON(parsing: text)
      } catch {
        throw StoreError(
          .corrupt, "record '\(id)' of \(kind.rawValue) is not JSON: \(error.message)")
      }
      guard value.canonicalBytes == text else {
        throw StoreError(.corrupt, "record '\(id)' is not canonical JSON")
      }
    }
  }
}
