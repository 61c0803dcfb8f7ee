/// Shows the bytes of an artifact as text, a record a line; memory stays flat.
package enum ArtifactText {
  /// More than this is not shown of one artifact.
  package static let maximumSizeInBytes = 16 << 20
  private static let stepInBytes = 128 << 10
  /// A longer line is handed over in parts.
  private static let longestPart = 1 << 20

  /// Decompresses what a file holds, and lends it in parts that end where a line or a character does.
  ///
  /// - Parameters:
  ///   - file: The bytes of one zstd frame; anything else is told, not thrown.
  ///   - body: Takes text as it is, with all of its control characters.
  package static func write(
    _ file: UnsafeRawBufferPointer, _ body: (String) -> Void
  ) {
    var decompressor = ZstdDecompressor()
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: stepInBytes, alignment: 1)
    defer { room.deallocate() }
    var waiting: [UInt8] = []
    var rest = file[...]
    var shown = 0
    var isWhole = true
    while shown < maximumSizeInBytes {
      let step: (taken: Int, made: Int)
      do throws(StoreError) {
        step = try decompressor.step(UnsafeRawBufferPointer(rebasing: rest), into: room)
      } catch {
        body(String(decoding: waiting, as: UTF8.self))
        return body("(\(file.count) bytes that are no artifact: \(error.message))\n")
      }
      rest = rest[(rest.startIndex + step.taken)...]
      waiting += room[..<step.made]
      shown += step.made
      let end = partEnd(of: waiting)
      if end > 0 {
        body(String(decoding: waiting[..<end], as: UTF8.self))
        waiting.removeSubrange(..<end)
      }
      // Without progress it would be asked for the beginning of another frame.
      guard step.taken > 0 || step.made > 0 else { break }
      isWhole = !decompressor.isInside
    }
    body(String(decoding: waiting, as: UTF8.self))
    if shown >= maximumSizeInBytes {
      body("\n(only the first \(shown) bytes are shown)\n")
    } else if !isWhole {
      body("\n(the artifact is cut off here)\n")
    }
  }

  /// How many bytes can be handed over.
  private static func partEnd(of bytes: [UInt8]) -> Int {
    if let end = bytes.lastIndex(of: 0x0A) { return end + 1 }
    guard bytes.count > longestPart else { return 0 }
    // Not in the middle of a character.
    let start = bytes.lastIndex { $0 & 0xC0 != 0x80 }
    return start.map { max($0, 1) } ?? bytes.count
  }
}
