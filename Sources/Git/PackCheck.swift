import Crypto
import Foundation

extension Repository {
  /// Reads a pack and its index, and compares each with the hash at its end.
  ///
  /// - Parameter name: The pack's file name without its extension.
  /// - Returns: What is wrong, or nil.
  package func damage(inPack name: String) -> String? {
    let base = "\(packDirectory)/\(name)"
    do {
      let pack = try HashedFile("\(base).pack")
      guard pack.isWhole else { return "'\(name).pack' holds other bytes than were written" }
      let index = try HashedFile("\(base).idx")
      guard index.isWhole else { return "'\(name).idx' holds other bytes than were written" }
      guard index.lastBytes.prefix(ObjectID.byteCount).elementsEqual(pack.lastBytes.suffix(20))
      else { return "'\(name).idx' is the index of another pack" }
      return nil
    } catch {
      return error.message
    }
  }
}

/// A file that ends with the SHA-1 of what comes before.
private struct HashedFile {
  private static let chunkSizeInBytes = 1 << 20

  /// The last 40 bytes.
  private(set) var lastBytes: [UInt8] = []
  let isWhole: Bool

  init(_ path: String) throws(GitError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw GitError("cannot open '\(path)'", systemError: errno) }
    defer { close(descriptor) }
    var hash = Insecure.SHA1()
    // The last 20 bytes so far are held back: they may be the hash.
    var held: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: Self.chunkSizeInBytes)
    while true {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count >= 0 else {
        guard errno == EINTR else { throw GitError("cannot read '\(path)'", systemError: errno) }
        continue
      }
      guard count > 0 else { break }
      lastBytes = Array((lastBytes + chunk[..<count].suffix(40)).suffix(40))
      held += chunk[..<count]
      let known = max(0, held.count - ObjectID.byteCount)
      held.withUnsafeBytes {
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<known]))
      }
      held.removeFirst(known)
    }
    isWhole = held.count == ObjectID.byteCount && hash.finalize().elementsEqual(held)
  }
}
