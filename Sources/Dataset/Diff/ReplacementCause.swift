/// Why the sample of a slot is another one: the first thing in its descent that differs.
package struct ReplacementCause: Sendable, Hashable {
  /// Where the descent of the two samples parts.
  package enum Step: String, Sendable, CaseIterable, Comparable {
    /// The slot draws other nodes or another strategy.
    case mix
    /// The mix is the same, and another scenario is written from it.
    case scenario
    /// The scenario is the same, and the generator answers it otherwise.
    case answer
    /// A draft is the same, and critics decide otherwise on it.
    case verdict
    /// A draft is the same, and repeats a question in one version only.
    case duplicate

    private var place: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    package static func < (left: Step, right: Step) -> Bool { left.place < right.place }
  }

  package enum Reason: String, Sendable {
    case nodeRemoved = "node-removed"
    case nodeAdded = "node-added"
    case nodeMoved = "node-moved"
    /// The weights of the children of a node, or of the strategies.
    case weights
    case strategyRemoved = "strategy-removed"
    case strategyAdded = "strategy-added"
    /// Another set of sub-trees of the strategy.
    case roots
    /// Pairs that never combine.
    case pairs
    /// More or fewer scenarios are made more complex.
    case complexity
    /// What the request is made of, or what decides on its answer: recipe keys, templates, renamed nodes.
    case inputs
    /// Nothing that goes into the request differs: it was answered anew.
    case answeredAnew = "answered-anew"
    /// What a critic or the comparison with other questions says of a draft.
    case decision
  }

  package let step: Step
  package internal(set) var reason: Reason
  /// A node's path, a strategy's name, the reason of a rejection; empty where there is none.
  package var subject = ""
  /// Recipe keys as `recipe.yaml: key`, paths of templates, `renamed: path`, `strategy: name`.
  package var inputs: [String] = []
}

/// The slots whose samples were replaced for one cause.
package struct ReplacedSlots: Sendable {
  package let cause: ReplacementCause
  /// In order.
  package internal(set) var slots: [Slot]
  /// What the recorded requests say; nil where the cause is none of a request's.
  package internal(set) var requests: RequestDifferences?
}

/// In which members the requests of replaced records differ, for a sample of them.
package struct RequestDifferences: Sendable, Hashable {
  /// How many pairs of requests were compared.
  package internal(set) var compared = 0
  /// How many of them are the same question with another answer.
  package internal(set) var same = 0
  /// How many pairs have a call that is not here.
  package internal(set) var missing = 0
  /// How many pairs differ in a member, by its name.
  package internal(set) var members: [String: Int] = [:]
}
