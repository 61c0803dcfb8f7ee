import ArtifactStore
import CanonicalJSON
import Synchronization

/// Refuses a sample whose question an earlier slot keeps.
///
/// Questions are compared without regard to case and white space.
final class Duplicates: Sendable {
  private let question: [String]
  private let seen = Mutex(Set<Digest>())

  /// Compares some properties of samples, or all of a sample where there are none.
  init(question: [String]) { self.question = question }

  /// Takes a question in, or says false when it is there already.
  func admit(_ value: JSON) -> Bool {
    var hash = FramedHash(domain: "stemma question 1")
    for part in question.isEmpty ? [value] : question.map({ value[$0] ?? .null }) {
      hash.add(Duplicates.normalized(part.string ?? part.canonicalText))
    }
    let digest = hash.finish()
    return seen.withLock { $0.insert(digest).inserted }
  }

  /// Lower case, with all white space as single blanks.
  static func normalized(_ text: String) -> String {
    text.lowercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
