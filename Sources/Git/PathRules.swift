/// Which paths may be in a tree.
enum PathRules {
  /// Splits a path that may be written, or refuses it.
  ///
  /// - Throws: ``GitError`` with code `invalid` for a path that is empty, absolute, leaves the
  ///   repository, enters its `.git`, or holds a NUL or a backslash.
  static func components(of path: String) throws(GitError) -> [[UInt8]] {
    try refuseNUL(path, "path")
    let components = path.utf8.split(
      separator: UInt8(ascii: "/"), omittingEmptySubsequences: false
    ).map(Array.init)
    let areSafe = components.allSatisfy { component in
      isSafe(component: component) && !component.contains(UInt8(ascii: "\\"))
    }
    guard areSafe, path.utf8.count <= 4096 else {
      throw GitError(.invalid, "path '\(path)' cannot be in a tree")
    }
    return components
  }

  /// Says whether a name stays in its folder and out of `.git`, on every file system.
  static func isSafe(component: [UInt8]) -> Bool {
    guard !component.isEmpty, component != [UInt8(ascii: ".")],
      component != Array("..".utf8), !component.contains(UInt8(ascii: "/"))
    else { return false }
    return !isGitFolder(component)
  }

  /// Says whether a file system that ignores case, some code points, or what follows the name,
  /// as macOS and Windows do, would open `.git` by this name.
  private static func isGitFolder(_ component: [UInt8]) -> Bool {
    var name = component
    if component.contains(where: { $0 >= 0x80 }) {
      var text = String(decoding: component, as: UTF8.self).lowercased()
      text.unicodeScalars.removeAll(where: isIgnorable)
      name = Array(text.utf8)
    }
    let beforeColon = name.prefix { $0 != UInt8(ascii: ":") }
    let stem = beforeColon.prefix(
      upTo: 1 + (beforeColon.lastIndex { $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: " ") } ?? -1)
    )
    return isEqual(stem, ".git") || isEqual(stem, "git~1")
  }

  /// Compares without the case of the letters of ASCII.
  private static func isEqual(_ bytes: ArraySlice<UInt8>, _ lowercase: StaticString) -> Bool {
    lowercase.withUTF8Buffer { other in
      bytes.count == other.count
        && zip(bytes, other).allSatisfy { byte, wanted in
          byte == wanted || (0x41...0x5A).contains(byte) && byte | 0x20 == wanted
        }
    }
  }

  private static func isIgnorable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x200C...0x200F, 0x202A...0x202E, 0x206A...0x206F, 0xFEFF: true
    default: false
    }
  }
}
