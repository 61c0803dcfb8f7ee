import CGit2

/// The bytes of an object as libgit2 holds them, or of anything else; they never change.
package final class ObjectBytes: @unchecked Sendable {  // what it points to is only read
  private let start: UnsafeRawPointer?
  private let object: OpaquePointer?
  package let count: Int

  /// Takes over an object of libgit2.
  init(_ object: OpaquePointer) {
    self.object = object
    start = UnsafeRawPointer(git_odb_object_data(object))
    count = git_odb_object_size(object)
  }

  /// Copies bytes.
  package init(_ bytes: [UInt8]) {
    object = nil
    count = bytes.count
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    copy.copyBytes(from: bytes)
    start = UnsafeRawPointer(copy.baseAddress)
  }

  deinit {
    if let object { git_odb_object_free(object) } else { start?.deallocate() }
  }

  package func withBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: start, count: count)))
  }
}
