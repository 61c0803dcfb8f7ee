package import CanonicalJSON

/// The place of one sample: one of those that are asked for, or one that fills a gap.
///
/// The text of a place is part of requests and records: `12`, or `gap/<node>/<number>`.
package enum Slot: Sendable, Hashable, Comparable, CustomStringConvertible {
  case numbered(Int)
  /// The n-th place that covers a node which the numbered ones leave under-covered.
  case gap(NodeID, Int)

  package var description: String {
    switch self {
    case .numbered(let number): String(number)
    case .gap(let node, let number): "gap/\(node)/\(number)"
    }
  }

  /// As the member `slot` of records holds it.
  package var json: JSON {
    switch self {
    case .numbered(let number): JSON(number)
    case .gap: .string(description)
    }
  }

  /// Reads the member `slot` of a record, or returns nil.
  package init?(_ json: JSON?) {
    if let number = json?.int, number >= 0 {
      self = .numbered(number)
      return
    }
    let parts = json?.string?.split(separator: "/", omittingEmptySubsequences: false) ?? []
    guard parts.count == 3, parts[0] == "gap", let node = NodeID(String(parts[1])),
      let number = Int(parts[2]), number >= 0, String(number) == parts[2]
    else { return nil }
    self = .gap(node, number)
  }

  /// The number of a numbered place, or nil.
  package var number: Int? {
    if case .numbered(let number) = self { number } else { nil }
  }

  /// The place whose mix and scenario this one shares, where so many numbered ones in a row do.
  package func group(instances: Int) -> Slot {
    if case .numbered(let number) = self { .numbered(number / instances) } else { self }
  }

  /// Numbered places first, then those of gaps in rounds.
  package static func < (left: Slot, right: Slot) -> Bool {
    switch (left, right) {
    case (.numbered(let left), .numbered(let right)): left < right
    case (.numbered, .gap): true
    case (.gap, .numbered): false
    case (.gap(let leftNode, let left), .gap(let rightNode, let right)):
      (left, leftNode) < (right, rightNode)
    }
  }
}
