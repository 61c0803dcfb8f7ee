import Foundation

/// A tree's entries as git stores them: any bytes may be a name, and old modes are kept.
struct RawTree {
  /// One entry with its stored bytes.
  struct Entry {
    let mode: UInt32
    let name: [UInt8]
    let id: ObjectID

    var isFolder: Bool { FileMode(raw: mode) == .folder }

    /// The entry with a name as text.
    ///
    /// - Throws: ``GitError`` with code `invalid` for a name that is not UTF-8 and `corrupt` for
    ///   one that would leave the tree.
    func decoded() throws(GitError) -> TreeEntry {
      guard let text = String(validating: name, as: UTF8.self) else {
        let shown = String(decoding: name, as: UTF8.self)
        throw GitError(.invalid, "cannot read name '\(shown)' of a tree: not UTF-8")
      }
      guard PathRules.isSafe(component: name) else {
        throw GitError(.corrupt, "cannot read tree: unsafe name '\(text)'")
      }
      return TreeEntry(name: text, mode: FileMode(raw: mode), id: id)
    }
  }

  /// The entries in git's order, unless the tree is damaged.
  var entries: [Entry]

  /// Parses the bytes of a tree object.
  init(_ bytes: RawSpan, id: ObjectID) throws(GitError) {
    let parsed = bytes.withUnsafeBytes { Self.parse($0) }
    guard let parsed else { throw GitError(.corrupt, "cannot read tree '\(id)': malformed") }
    entries = parsed
  }

  /// Makes a tree of entries in any order.
  init(_ entries: [Entry]) {
    self.entries = entries.sorted { Self.areInOrder($0, $1) }
  }

  /// The bytes of the tree object.
  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.count * 64)
    for entry in entries {
      bytes.append(contentsOf: String(entry.mode, radix: 8).utf8)
      bytes.append(UInt8(ascii: " "))
      bytes.append(contentsOf: entry.name)
      bytes.append(0)
      bytes.append(contentsOf: entry.id.bytes)
    }
    return bytes
  }

  private static func parse(_ bytes: UnsafeRawBufferPointer) -> [Entry]? {
    var entries: [Entry] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      guard let space = rest.firstIndex(of: UInt8(ascii: " ")), space - rest.startIndex <= 7,
        let mode = octal(rest[..<space])
      else { return nil }
      let afterSpace = rest[(space + 1)...]
      guard let end = afterSpace.firstIndex(of: 0), end > afterSpace.startIndex,
        bytes.count - end - 1 >= ObjectID.byteCount
      else { return nil }
      let next = end + 1 + ObjectID.byteCount
      let id = ObjectID(loading: UnsafeRawBufferPointer(rebasing: bytes[(end + 1)..<next]))
      entries.append(Entry(mode: mode, name: Array(afterSpace[..<end]), id: id))
      rest = bytes[next...]
    }
    return entries
  }

  private static func octal(_ digits: Slice<UnsafeRawBufferPointer>) -> UInt32? {
    guard !digits.isEmpty else { return nil }
    var value: UInt32 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { return nil }
      value = value << 3 | UInt32(digit - UInt8(ascii: "0"))
    }
    return value
  }

  /// Orders entries as git does: by bytes, a folder as if its name ended in a slash.
  static func areInOrder(_ left: Entry, _ right: Entry) -> Bool {
    let shared = min(left.name.count, right.name.count)
    let order = memcmp(left.name, right.name, shared)
    guard order == 0 else { return order < 0 }
    return next(left, shared) < next(right, shared)
  }

  private static func next(_ entry: Entry, _ offset: Int) -> UInt8 {
    guard offset == entry.name.count else { return entry.name[offset] }
    return entry.isFolder ? UInt8(ascii: "/") : 0
  }
}
