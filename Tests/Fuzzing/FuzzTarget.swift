/// A decoder of bytes that others wrote, with what must hold whatever the bytes are.
struct FuzzTarget: Sendable {
  let name: String
  /// What stands in well-formed inputs; mutations put it in anywhere.
  var words: [String] = []
  /// Inputs as the real writers make them.
  let seeds: @Sendable () throws -> [[UInt8]]
  /// Ends the process where something does not hold; refusing the bytes is fine.
  let check: @Sendable ([UInt8]) -> Void

  static let all: [FuzzTarget] = [
    .json, .shard, .segment, .journal, .tree, .pack, .recipe, .taxonomy, .trailers, .path, .schema,
    .answer,
  ]
}

/// Ends the process unless a condition holds, also in builds with optimisation.
func expect(
  _ condition: @autoclosure () -> Bool, _ message: @autoclosure () -> String,
  file: StaticString = #fileID, line: UInt = #line
) {
  guard !condition() else { return }
  fatalError(message(), file: file, line: line)
}

/// Takes a value that must be there, or ends the process.
func expectNoThrow<Value>(
  _ message: @autoclosure () -> String, file: StaticString = #fileID, line: UInt = #line,
  _ body: () throws -> Value
) -> Value {
  do {
    return try body()
  } catch {
    fatalError("\(message()): \(error)", file: file, line: line)
  }
}

/// Reads an input piece by piece.
struct InputReader {
  private(set) var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  /// At most so many of the next bytes.
  mutating func take(_ count: Int) -> [UInt8] {
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  /// A piece with its length before it, as ``framed(_:)`` makes one, or what is left of it.
  mutating func takePiece() -> [UInt8] {
    let length = take(2)
    return take(length.reversed().reduce(0) { $0 << 8 | Int($1) })
  }

  /// A piece of at most 65,535 bytes with its length before it.
  static func framed(_ piece: [UInt8]) -> [UInt8] {
    [UInt8(piece.count & 0xFF), UInt8(piece.count >> 8 & 0xFF)] + piece
  }
}
