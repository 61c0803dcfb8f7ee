import Git

/// Three states of a list of entries, each of which has an id, joined entry by entry.
struct EntryMerge {
  /// A text: what stands before its list, and the entries as they are written.
  private struct Entries {
    var header: [UInt8] = []
    var order: [String] = []
    var texts: [String: [UInt8]] = [:]

    /// Splits a text; nil where an entry has no id, or that of another.
    init?(_ bytes: [UInt8]) {
      guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
      var entry = ""
      var isInside = false
      for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.hasPrefix("- ") {
          guard !isInside || add(entry) else { return nil }
          (entry, isInside) = ("", true)
        }
        if isInside {
          entry += line + "\n"
        } else {
          header += Array(line.utf8) + [0x0A]
        }
      }
      // The split made one line too many of a text that ends as it should.
      if isInside {
        entry.removeLast()
        guard text.hasSuffix("\n"), add(entry) else { return nil }
      } else {
        header.removeLast()
      }
    }

    private mutating func add(_ entry: String) -> Bool {
      guard let id = entry.firstMatch(of: /\bid: ([0-9a-f]{16})\b/)?.output.1 else { return false }
      order.append(String(id))
      return texts.updateValue(Array(entry.utf8), forKey: String(id)) == nil
    }
  }

  private let base: Entries?
  private let ours: Entries
  private let theirs: Entries

  /// Reads the texts; nil where one is no list of entries with ids.
  init?(_ base: [UInt8]?, _ ours: [UInt8], _ theirs: [UInt8]) {
    guard let own = Entries(ours), let other = Entries(theirs) else { return nil }
    self.ours = own
    self.theirs = other
    self.base = base.flatMap(Entries.init)
    if base != nil, self.base == nil { return nil }
  }

  /// The merged text; nil where what stands before the lists conflicts.
  func result(
    _ lines: SourceTextMerge.Lines, _ plain: SourceTextMerge.Result
  ) throws(GitError) -> SourceTextMerge.Result? {
    let header = try lines.merge(base?.header, ours.header, theirs.header)
    guard !header.hasConflicts else { return nil }
    var bytes = header.bytes
    var hasConflicts = false
    let isOursAsBefore = ours.order == base?.order
    let order =
      isOursAsBefore
      ? MergedOrder.join(theirs.order, ours.order) : MergedOrder.join(ours.order, theirs.order)
    for id in order {
      let old = base?.texts[id]
      let own = ours.texts[id]
      let other = theirs.texts[id]
      if own == other || other == old {
        bytes += own ?? []
      } else if own == old {
        bytes += other ?? []
      } else {
        let merged = try lines.merge(old, own ?? [], other ?? [])
        bytes += merged.bytes
        hasConflicts = hasConflicts || merged.hasConflicts
      }
    }
    // Comments that moved are better placed by lines.
    if !plain.hasConflicts, let entries = Entries(plain.bytes), Set(entries.order) == Set(order) {
      return plain
    }
    return SourceTextMerge.Result(bytes: bytes, hasConflicts: hasConflicts)
  }
}
