import CanonicalJSON
import Synchronization

/// Schemas as they are sent, each read once.
final class CompactSchemas: Sendable {
  private static let most = 256

  private let known = Mutex<[String: [UInt8]]>([:])

  /// A schema without white space, its members in the order they were written.
  ///
  /// - Throws: ``TeacherError`` with code `unusable` when it is not JSON.
  func compact(_ schema: String?) throws(TeacherError) -> [UInt8]? {
    guard let schema else { return nil }
    if let bytes = known.withLock({ $0[schema] }) { return bytes }
    let bytes: [UInt8]
    do {
      bytes = Array(try JSON(parsing: schema).text.utf8)
    } catch {
      throw TeacherError(
        .unusable, "the response schema is not JSON: \(error.message) at byte \(error.offset)")
    }
    known.withLock { known in
      if known.count >= Self.most { known = [:] }
      known[schema] = bytes
    }
    return bytes
  }
}

extension JSONWriter {
  /// Appends a member that is a number, with what stands before it; nothing where there is none.
  mutating func write(_ start: StaticString, _ number: Double?) {
    guard let number else { return }
    write(raw: start)
    write(number: number)
  }
}
