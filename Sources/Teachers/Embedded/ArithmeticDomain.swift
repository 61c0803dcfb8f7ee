/// Which descriptions the embedded teacher can work for.
enum ArithmeticDomain {
  /// Words and pairs of words of which a description has at least one.
  private static let words: Set<UInt64> = Set(
    """
    arithmetic math maths mathematics mathematical number numbers sum sums addition
    subtraction multiplication division algebra gsm8k counting
    """.split { $0 == " " || $0 == "\n" }.map(WordScanner.hash))
  private static let pairs: [(UInt64, UInt64)] = [
    ("word", "problem"), ("word", "problems"), ("grade", "school"), ("story", "problem"),
    ("story", "problems"),
  ].map { (WordScanner.hash($0.0), WordScanner.hash($0.1)) }

  /// Throws unless a description is about grade-school arithmetic.
  static func check(_ description: String) throws(TeacherError) {
    let hyphen = UInt8(ascii: "-")
    var scanner = WordScanner(description.utf8.map { $0 == hyphen ? UInt8(ascii: " ") : $0 })
    var last: UInt64 = 0
    while let token = scanner.next() {
      guard case .word(let word) = token else { continue }
      if words.contains(word) || pairs.contains(where: { $0.0 == last && $0.1 == word }) { return }
      last = word
    }
    throw TeacherError(
      .unusable,
      "the embedded teacher only does grade-school arithmetic, not '\(description.prefix(60))'",
      hint: "set teachers.default.provider to openai, with a model and a base URL, in recipe.yaml")
  }
}
