import ArgumentParser
import Foundation

/// Whether something that was shown is done.
struct ApplyOptions: ParsableArguments {
  @Flag(name: [.customShort("y"), .long], help: "Apply without asking.")
  var yes = false

  @Flag(name: .long, help: "Only show what it would do.")
  var dryRun = false

  func validate() throws {
    if yes, dryRun { throw ValidationError("'--yes' and '--dry-run' contradict each other") }
  }

  /// Whether nobody could answer a question, nor has answered it beforehand.
  var cannotAsk: Bool { !yes && !dryRun && !Output.isTerminal(STDIN_FILENO) }

  /// Whether it ends with what is shown, so that nothing needs to be locked or prepared.
  var onlyShows: Bool { dryRun || cannotAsk }

  /// What to do after the effect was shown; asks on a terminal.
  ///
  /// - Throws: ``CommandError`` where there is nobody to ask.
  func decide(_ question: String) async throws -> Bool {
    if yes { return true }
    if dryRun { return false }
    guard !cannotAsk else { throw Self.nobodyToAsk }
    return try await Confirmation.ask(question)
  }

  static let nobodyToAsk = CommandError(
    "nothing was changed, since there is no terminal to ask on",
    hint: "--yes applies it without asking; --dry-run only shows")
}

/// A question on a terminal.
enum Confirmation {
  /// Asks, and takes only a clear yes for one; Ctrl-C and the end of input mean no.
  static func ask(_ question: String) async throws -> Bool {
    Output.flush()
    FileHandle.standardError.write(Data("\(question) [y/N] ".utf8))
    var line: [UInt8] = []
    while line.last != UInt8(ascii: "\n") {
      var waiting = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      let ready = poll(&waiting, 1, 200)
      try Task.checkCancellation()
      guard ready != 0 else { continue }
      var byte: UInt8 = 0
      let count = read(STDIN_FILENO, &byte, 1)
      if count < 0, errno == EINTR { continue }
      guard count == 1, line.count < 100 else { break }
      line.append(byte)
    }
    let answer = String(decoding: line, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    return answer == "y" || answer == "yes"
  }
}
