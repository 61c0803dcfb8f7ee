import Teachers

/// What a model is told after an answer that cannot be used.
enum Correction {
  /// The most characters of an earlier answer that are shown to the model again.
  private static let shownLength = 2000

  /// Makes the conversation of the next try.
  ///
  /// A cut answer is not shown again: small models go on with what they see, and one that had fallen
  /// into a loop falls into it once more.
  ///
  /// - Parameters:
  ///   - question: What was asked at first.
  ///   - messages: What the last try asked.
  ///   - answer: What came of it.
  ///   - problem: Why that cannot be used.
  ///   - tries: How many tries there were so far.
  /// - Returns: All messages, the last of which is the user's.
  static func conversation(
    of question: [Message], after messages: [Message], _ answer: String,
    _ problem: UnusableAnswer, tries: Int
  ) -> [Message] {
    if problem.reason == .cut {
      // Other words each time: some servers answer the same text in the same way.
      let earlier = tries == 1 ? "an earlier answer was" : "\(tries) earlier answers were"
      return adding("Be brief: \(earlier) cut by the token limit.", to: question)
    }
    var messages = messages
    if !answer.isEmpty { messages.append(Message(.assistant, String(answer.prefix(shownLength)))) }
    return adding(
      "That answer could not be used: \(problem.message). "
        + "Answer again with one line of JSON in the requested form and nothing else.",
      to: messages)
  }

  /// Asks for another answer than those that were recalled, which are not shown again.
  static func anew(_ conversation: [Message], recalledCount: Int) -> [Message] {
    // Other words each time: some servers answer the same text in the same way.
    let earlier =
      recalledCount == 1 ? "An earlier answer was" : "\(recalledCount) earlier answers were"
    return adding("\(earlier) taken back: give another one.", to: conversation)
  }

  /// Says something more to the model: some chat templates take no two messages of one side in turn.
  static func adding(_ text: String, to messages: [Message]) -> [Message] {
    guard let last = messages.last, last.role == .user else {
      return messages + [Message(.user, text)]
    }
    return messages.dropLast() + [Message(.user, "\(last.text)\n\n\(text)")]
  }

  /// Whether a text ends in something that it says over and over, which no larger limit ends.
  static func isLoop(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    let length = 24
    guard bytes.count >= 4 * length else { return false }
    let end = bytes.suffix(length)
    var count = 0
    var place = bytes.count
    // Counted from the end, and each part of the text once.
    while place >= length, count < 4 {
      let isSame = bytes[(place - length)..<place].elementsEqual(end)
      count += isSame ? 1 : 0
      place -= isSame ? length : 1
    }
    return count == 4
  }
}
