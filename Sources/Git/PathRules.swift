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
    let first = component.first
    let canBe = first.map { Array(".gG".utf8).contains($0) } ?? false
    guard canBe || component.contains(where: { $0 >= 0x80 }) else { return false }
    var name = String(decoding: component, as: UTF8.self).lowercased()
    name.unicodeScalars.removeAll(where: isIgnorable)
    let beforeColon = name.unicodeScalars.prefix { $0 != ":" }
    let suffix = beforeColon.reversed().prefix { $0 == "." || $0 == " " }
    let stem = String(String.UnicodeScalarView(beforeColon.dropLast(suffix.count)))
    return stem == ".git" || stem == "git~1"
  }

  private static func isIgnorable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x200C...0x200F, 0x202A...0x202E, 0x206A...0x206F, 0xFEFF: true
    default: false
    }
  }
}
