import Foundation

/// Who did something, and when.
package struct Signature: Sendable, Hashable {
  /// The person's name.
  package let name: String
  /// The person's address.
  package let email: String
  /// Seconds since 1970.
  package let time: Int64
  /// Minutes that the person's clock is ahead of universal time.
  package let offsetMinutes: Int

  /// Makes a signature from its parts.
  package init(name: String, email: String, time: Int64, offsetMinutes: Int = 0) {
    self.name = name
    self.email = email
    self.time = time
    self.offsetMinutes = offsetMinutes
  }

  /// The same person at another time.
  package func at(time: Int64, offsetMinutes: Int = 0) -> Signature {
    Signature(name: name, email: email, time: time, offsetMinutes: offsetMinutes)
  }
}

extension Signature {
  /// Reads `name <email> seconds offset`, and takes what is missing in an old or damaged line as empty
  /// or zero, as git does; of times beyond what JSON can tell the last one.
  init(line: Substring) {
    guard let open = line.lastIndex(of: "<"), let close = line[open...].lastIndex(of: ">") else {
      self.init(name: String(line), email: "", time: 0)
      return
    }
    let name = Self.trimmed(line[..<open])
    let email = String(line[line.index(after: open)..<close])
    let times = line[line.index(after: close)...].split(separator: " ")
    let stated = times.first.flatMap { Int64($0) } ?? 0
    let time = min(max(stated, Self.times.lowerBound), Self.times.upperBound)
    var offset = times.dropFirst().first.flatMap { Int($0) } ?? 0
    if !(-9999...9999).contains(offset) { offset = 0 }
    // The sign covers hours and minutes: -0130 is ninety minutes behind.
    let minutes = offset / 100 * 60 + offset % 100
    self.init(name: name, email: email, time: time, offsetMinutes: minutes)
  }

  private static let times: ClosedRange<Int64> = -(1 << 53)...(1 << 53)

  /// Without the blanks around it.
  private static func trimmed(_ text: Substring) -> String {
    func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    let bytes = text.utf8.drop(while: isBlank)
    guard let last = bytes.lastIndex(where: { !isBlank($0) }) else { return "" }
    return String(bytes[...last]) ?? ""
  }

  /// The line of a commit, cleaned of what git does not allow in a name.
  func line() throws(GitError) -> String {
    let cleanName = Self.cleaned(name)
    guard !cleanName.isEmpty else {
      throw GitError(
        .invalid, "cannot sign as '\(name)': no name is left without special characters",
        hint: "run 'git config user.name <your name>'")
    }
    guard time >= 0, abs(offsetMinutes) < 24 * 60 else {
      throw GitError(.invalid, "cannot sign at time \(time) with offset \(offsetMinutes)")
    }
    let sign = offsetMinutes < 0 ? "-" : "+"
    let digits = abs(offsetMinutes) / 60 * 100 + abs(offsetMinutes) % 60
    let padded = String(repeating: "0", count: 4 - String(digits).count) + String(digits)
    return "\(cleanName) <\(Self.cleaned(email))> \(time) \(sign)\(padded)"
  }

  /// Drops the characters that end a field, and the punctuation around it, as git does.
  private static func cleaned(_ text: String) -> String {
    func isCrud(_ scalar: Unicode.Scalar) -> Bool {
      scalar.value <= 32 || ".,:;<>\"\\'".unicodeScalars.contains(scalar)
    }
    var scalars = text.unicodeScalars[...]
    while let first = scalars.first, isCrud(first) { scalars.removeFirst() }
    while let last = scalars.last, isCrud(last) { scalars.removeLast() }
    let kept = scalars.filter { !"\0\n<>".unicodeScalars.contains($0) }
    return String(String.UnicodeScalarView(kept))
  }
}
