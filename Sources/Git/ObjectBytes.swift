import CGit2

/// The bytes of an object as libgit2 holds them, as they lie in a pack, or of anything else; they never change.
package final class ObjectBytes: @unchecked Sendable {  // what it points to is only read
  /// What is given back at the end.
  private enum Owner {
    case libgit2(OpaquePointer)
    case pack(MappedPack)
    case own
  }

  private let start: UnsafeRawPointer?
  private let owner: Owner
  package let count: Int

  /// Takes over an object of libgit2.
  init(_ object: OpaquePointer) {
    owner = .libgit2(object)
    start = UnsafeRawPointer(git_odb_object_data(object))
    count = git_odb_object_size(object)
  }

  /// Keeps a pack mapped; what lies there in one piece is not copied.
  init(_ blocks: MappedPack.Blocks, of pack: MappedPack) {
    count = blocks.sizeInBytes
    if blocks.pieces.count == 1 {
      owner = .pack(pack)
      start = blocks.pieces[0].baseAddress
    } else {
      owner = .own
      start = Self.copy(blocks.pieces, count)
    }
  }

  /// Copies bytes.
  package init(_ bytes: [UInt8]) {
    owner = .own
    count = bytes.count
    start = bytes.withUnsafeBytes { Self.copy([$0], bytes.count) }
  }

  private static func copy(_ pieces: [UnsafeRawBufferPointer], _ count: Int) -> UnsafeRawPointer? {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
    var place = 0
    for piece in pieces {
      UnsafeMutableRawBufferPointer(rebasing: copy[place...]).copyMemory(from: piece)
      place += piece.count
    }
    return UnsafeRawPointer(copy.baseAddress)
  }

  deinit {
    switch owner {
    case .libgit2(let object): git_odb_object_free(object)
    case .own: start?.deallocate()
    case .pack: break
    }
  }

  package func withBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: start, count: count)))
  }
}
