import CGit2

/// The bytes of an object as libgit2 holds them, or of anything else; they never change.
package final class ObjectBytes: @unchecked Sendable {  // what it points to is only read
  /// What is given back at the end.
  private enum Owner {
    case libgit2(OpaquePointer)
    case memory(UnsafeMutableRawBufferPointer)
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

  /// Takes over memory that was allocated, in a part of which the bytes are.
  init(_ memory: UnsafeMutableRawBufferPointer, from offset: Int, count: Int) {
    precondition(offset + count <= memory.count)
    owner = .memory(memory)
    start = memory.baseAddress.map { UnsafeRawPointer($0 + offset) }
    self.count = count
  }

  /// Copies bytes.
  package convenience init(_ bytes: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
    copy.copyBytes(from: bytes)
    self.init(copy, from: 0, count: bytes.count)
  }

  deinit {
    switch owner {
    case .libgit2(let object): git_odb_object_free(object)
    case .memory(let memory): memory.deallocate()
    }
  }

  package func withBytes<Result, Failure: Error>(
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: start, count: count)))
  }
}
