/// What is wrong with a push or a commit, in words for whoever makes it.
package struct CheckReport: Sendable {
  /// One thing that is wrong.
  package struct Problem: Sendable, Hashable {
    /// A path, record or reference.
    package let place: String
    package let message: String
  }

  /// A cause, with the first places where it shows.
  package struct Group: Sendable {
    package fileprivate(set) var problems: [Problem] = []
    package fileprivate(set) var count = 0
    package let hint: String?
  }

  /// Every place is counted, and the first few are told.
  package static let shownCount = 5

  /// In the order in which they were found.
  package private(set) var groups: [Group] = []
  private var places: [String: Int] = [:]

  package init() {}

  package var isClean: Bool { groups.isEmpty }
  /// Whether nothing is wrong but one thing.
  func isOnly(_ cause: String) -> Bool { places.count == 1 && places[cause] != nil }

  /// Notes a problem.
  ///
  /// - Parameters:
  ///   - place: What is wrong.
  ///   - message: How.
  ///   - cause: What makes it one with others; the message itself unless told otherwise.
  ///   - hint: What to do.
  mutating func add(_ place: String, _ message: String, cause: String? = nil, hint: String? = nil) {
    let cause = cause ?? message
    let index = places[cause] ?? groups.count
    if index == groups.count {
      // Of absurdly many causes the first ones will do.
      guard groups.count < 20 else { return }
      groups.append(Group(hint: hint))
      places[cause] = index
    }
    groups[index].count += 1
    guard groups[index].problems.count < Self.shownCount else { return }
    groups[index].problems.append(Problem(place: place, message: message))
  }
}
