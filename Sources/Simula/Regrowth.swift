package import Dataset

/// One time that models were asked again for what is below a node.
package struct Regrowth: Sendable, Hashable {
  package let node: NodeID
  /// Counted from 1, by the regrowths of the node that a version has records of.
  package let number: Int

  package init(of node: NodeID, number: Int) {
    self.node = node
    self.number = number
  }
}

extension Regrowth? {
  /// The draw of a question: in a regrowth another one than ever before.
  func draw(_ question: String) -> String {
    map { "regrowth \($0.number) of \($0.node) \(question)" } ?? question
  }
}
