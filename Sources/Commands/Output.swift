import CanonicalJSON
import Foundation
import Synchronization

/// Results go to standard output, everything else to standard error.
enum Output {
  /// Writes a line for people; control characters of data are made visible.
  static func line(_ text: String = "") {
    raw(Array((safe(text) + "\n").utf8))
  }

  /// Writes one JSON object as a line, for programs.
  static func json(_ type: String, _ members: [(String, JSON)]) {
    raw(Array((JSON.object(JSONObject([("type", .string(type))] + members)).text + "\n").utf8))
  }

  /// Writes a dataset's bytes: as they are, but on a terminal with control characters made visible.
  static func data(_ bytes: [UInt8]) {
    guard isTerminal(STDOUT_FILENO) else { return raw(bytes) }
    raw(Array(safe(String(decoding: bytes, as: UTF8.self)).utf8))
  }

  /// Writes bytes as they are.
  static func raw(_ bytes: [UInt8]) {
    let isFull = buffer.withLock { buffer in
      buffer += bytes
      return buffer.count >= 1 << 16
    }
    if isFull { flush() }
  }

  /// Writes a line to standard error.
  static func complain(_ text: String) {
    flush()
    // A progress line may stand there.
    let start = isTerminal(STDERR_FILENO) ? "\r\u{1B}[K" : ""
    write(Array((start + safe(text) + "\n").utf8), to: STDERR_FILENO)
  }

  /// Hands over what was gathered for standard output.
  static func flush() {
    buffer.withLock { buffer in
      write(buffer, to: STDOUT_FILENO)
      buffer.removeAll(keepingCapacity: true)
    }
  }

  private static let buffer = Mutex<[UInt8]>([])

  static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

  /// Writes all of it, or ends the process when nobody reads any more.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var position = 0
    while position < bytes.count {
      let count = bytes.withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress.map { $0 + position }, bytes.count - position)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { exit(ExitStatus.failed.rawValue) }
      position += count
    }
  }

  static func safe(_ text: String) -> String {
    guard holdsControl(text) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if isControl(scalar) {
        result += "\\u{" + String(scalar.value, radix: 16) + "}"
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// Whether ``isControl`` says so of a scalar, by the bytes that encode it.
  private static func holdsControl(_ text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      for (index, byte) in bytes.enumerated() {
        switch byte {
        case 0x20..<0x7F, 0x09, 0x0A: continue
        case 0..<0x20, 0x7F: return true
        // A scalar has all of its bytes in a text.
        case 0xC2: if bytes[index + 1] < 0xA0 { return true }
        case 0xE2:
          let (second, third) = (bytes[index + 1], bytes[index + 2])
          if second == 0x80, (0xAA...0xAE).contains(third) { return true }
          if second == 0x81, (0xA6...0xA9).contains(third) { return true }
        default: continue
        }
      }
      return false
    }
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A: false
    case 0..<0x20, 0x7F..<0xA0, 0x202A...0x202E, 0x2066...0x2069: true
    default: false
    }
  }

  /// The beginning of a text on one line.
  static func excerpt(_ text: String, _ length: Int) -> String {
    // One more tells whether the last of them is a character by itself.
    let start = text.utf8.prefix(length == .max ? length : length + 1)
    if start.allSatisfy({ (0x20..<0x7F).contains($0) }) {
      return start.count <= length ? text : String(text.unicodeScalars.prefix(length - 1)) + "…"
    }
    var excerpt = ""
    var count = 0
    var isGap = false
    for character in text {
      if character.isNewline {
        isGap = count > 0
        continue
      }
      // What does not fit in is not looked at further.
      if count + (isGap ? 1 : 0) >= length {
        return excerpt.prefix(length - 1) + "…"
      }
      if isGap {
        excerpt += " "
        count += 1
        isGap = false
      }
      excerpt.append(character)
      count += 1
    }
    return excerpt
  }

  static func shortID(_ id: String) -> String { String(id.prefix(12)) }
}
