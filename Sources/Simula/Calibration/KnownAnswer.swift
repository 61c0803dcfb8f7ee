import ArtifactStore
package import CanonicalJSON
import Dataset

/// A question with an answer that is taken as right.
package struct KnownAnswer: Sendable, Hashable {
  /// As solvers see it.
  package let question: String
  package let answer: JSON

  /// Takes question and answer out of a value of the sample's schema; nil without an answer.
  package init?(_ value: JSON, _ form: SampleForm) {
    guard let answer = form.answer(value), answer != .null else { return nil }
    self.answer = answer
    question = form.question(value)
  }
}

/// Reads a person's questions and right answers.
package struct GoldReader {
  /// The most lines and bytes that are read.
  package static let lineLimit = 100_000
  package static let sizeLimit = 256 << 20

  private let form: SampleForm
  private let name: String
  private var lineNumber = 0
  private var answers: [(key: Digest, answer: KnownAnswer)] = []
  private var questions = Set<Digest>()

  private init(_ form: SampleForm, name: String) {
    self.form = form
    self.name = name
  }

  /// Reads JSON lines, each with the question's and the answer's properties of a sample.
  ///
  /// The order is by hash, whatever that of the lines, so that the first ones are a fair choice;
  /// a question that stands twice counts once.
  ///
  /// - Parameters:
  ///   - descriptor: An open file, which stays open.
  ///   - name: What messages call it.
  ///   - form: The recipe's sample.
  /// - Returns: At least one answer.
  /// - Throws: ``SimulaError`` with code `gold` that names the first line that cannot be used.
  package static func read(
    _ descriptor: Int32, name: String, form: SampleForm
  ) throws -> [KnownAnswer] {
    var gold = GoldReader(form, name: name)
    var lines = LineReader(descriptor, name: name)
    var failure: SimulaError?
    while failure == nil {
      let hasMore = try lines.next { span throws(StoreError) in
        // A span cannot leave the closure, so that an error of ours waits outside.
        do throws(SimulaError) {
          try gold.add(span.withUnsafeBytes { Array($0) })
        } catch {
          failure = error
        }
      }
      guard hasMore else { break }
      guard lines.sizeInBytes <= sizeLimit else {
        throw SimulaError(
          .gold, "\(name) has more than \(sizeLimit >> 20) MiB", hint: "give a part of it")
      }
    }
    if let failure { throw failure }
    guard !gold.answers.isEmpty else {
      throw SimulaError(
        .gold, "\(name) holds no answers",
        hint: "each line is a JSON object with the sample's question and its right answer")
    }
    return gold.answers.sorted { $0.key < $1.key }.map(\.answer)
  }

  private mutating func add(_ lines: [UInt8]) throws(SimulaError) {
    for line in lines.split(separator: 0x0A, omittingEmptySubsequences: false).dropLast() {
      lineNumber += 1
      let isBlank = line.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      guard !isBlank else { continue }
      guard lineNumber <= Self.lineLimit else {
        throw SimulaError(
          .gold, "\(name) has more than \(Self.lineLimit) lines", hint: "give a part of it")
      }
      let answer = try answer(Array(line))
      var hash = FramedHash(domain: "stemma gold 1")
      hash.add(answer.question)
      let key = hash.finish()
      if questions.insert(key).inserted { answers.append((key, answer)) }
    }
  }

  private func answer(_ line: [UInt8]) throws(SimulaError) -> KnownAnswer {
    let value: JSON
    do throws(JSONError) {
      value = try JSON(parsing: line)
    } catch {
      throw failure("is no JSON: \(error.message) at byte \(error.offset)")
    }
    guard value.object != nil else { throw failure("is no JSON object") }
    for field in form.shape.question where value[field] == nil {
      throw failure("lacks the question's '\(field)'")
    }
    guard let name = form.shape.answer, let known = KnownAnswer(value, form) else {
      throw failure("lacks the answer '\(form.shape.answer ?? "")'")
    }
    guard let problem = form.problem(answer: known.answer) else { return known }
    throw failure("has another '\(name)' than the sample's schema: \(problem)")
  }

  private func failure(_ what: String) -> SimulaError {
    SimulaError(
      .gold, "\(name): line \(lineNumber) \(what)",
      hint: "each line is a JSON object with the properties of a sample: "
        + (form.shape.question + [form.shape.answer].compactMap(\.self)).joined(separator: ", "))
  }
}
