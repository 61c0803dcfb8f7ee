package import ArtifactStore
package import CanonicalJSON

/// What the two calls of the double critic came to.
package struct DoubleJudgement: Sendable {
  /// What one of the two calls says.
  package struct Opinion: Sendable {
    package let task: PromptTask
    package let call: RecordID
    /// The critic's word, or whether its own answer is the same.
    package let outcome: String
    package let explanation: String
    /// The answer that the critic found itself.
    package let answer: JSON?
    package let findsRight: Bool
  }

  /// A call that gave no usable verdict.
  package struct Failure: Sendable {
    package let task: PromptTask
    package let problem: UnusableAnswer
    package let call: RecordID
  }

  package enum Outcome: Sendable {
    /// Both calls find the answer right.
    case accepted
    /// Both calls find it wrong.
    case incorrect
    /// They contradict each other.
    case inconsistent
    /// One of them gave no usable verdict, which never accepts.
    case unjudged(Failure)
  }

  /// Those that could be used, in order.
  package let opinions: [Opinion]
  package let failure: Failure?

  package var outcome: Outcome {
    if let failure { return .unjudged(failure) }
    let count = opinions.count { $0.findsRight }
    return count == 0 ? .incorrect : count == 2 ? .accepted : .inconsistent
  }
}
