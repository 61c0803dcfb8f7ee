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
    let isTree = visit(bytes) { mode, name, id in
      entries.append(Entry(mode: mode, name: Array(name), id: ObjectID(loading: id)))
    }
    return isTree ? entries : nil
  }

  /// The first entry of a name in the bytes of a tree object, of which no others are kept.
  ///
  /// - Throws: ``GitError`` with code `corrupt` for bytes that are no tree, wherever the name is.
  static func entry(
    named name: [UInt8], in bytes: RawSpan, id tree: ObjectID
  ) throws(GitError) -> Entry? {
    var found: Entry?
    let isTree = bytes.withUnsafeBytes { bytes in
      visit(bytes) { mode, other, id in
        guard found == nil, other.count == name.count, other.elementsEqual(name) else { return }
        found = Entry(mode: mode, name: name, id: ObjectID(loading: id))
      }
    }
    guard isTree else { throw GitError(.corrupt, "cannot read tree '\(tree)': malformed") }
    return found
  }

  /// Tells of the entries of a tree; false where it is none.
  private static func visit(
    _ bytes: UnsafeRawBufferPointer,
    _ body: (_ mode: UInt32, _ name: UnsafeRawBufferPointer, _ id: UnsafeRawBufferPointer) -> Void
  ) -> Bool {
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: bytes[range])
    }
    var start = 0
    while start < bytes.count {
      let digits = part(start..<min(bytes.count, start + 8))
      guard let length = digits.firstIndex(of: UInt8(ascii: " ")),
        let mode = octal(part(start..<(start + length)))
      else { return false }
      let name = start + length + 1
      guard let nul = part(name..<bytes.count).firstZero, nul > 0 else { return false }
      let id = name + nul + 1
      guard bytes.count - id >= ObjectID.byteCount else { return false }
      body(mode, part(name..<(name + nul)), part(id..<(id + ObjectID.byteCount)))
      start = id + ObjectID.byteCount
    }
    return true
  }

  private static func octal(_ digits: UnsafeRawBufferPointer) -> UInt32? {
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

extension UnsafeRawBufferPointer {
  /// The place of the first zero.
  fileprivate var firstZero: Int? {
    guard let baseAddress, let zero = memchr(baseAddress, 0, count) else { return nil }
    return UnsafeRawPointer(zero) - baseAddress
  }
}
