import ArtifactStore
import CanonicalJSON
import Dataset
import Foundation
import Git
import Simula
import Teachers

/// An error in the form in which people read it.
struct Failure {
  let message: String
  let hint: String?
  let status: ExitStatus

  init(_ message: String, hint: String? = nil, status: ExitStatus = .failed) {
    self.message = message
    self.hint = hint
    self.status = status
  }

  /// Takes over an error of the layers below; nil for those of the argument parser.
  init?(_ error: any Error) {
    switch error {
    case let error as CommandError:
      self = error.failure
    case let error as StoreError:
      let status: ExitStatus =
        switch error.code {
        case .notFound: .noDataset
        case .locked: .locked
        case .corrupt, .missing: .damaged
        default: .failed
        }
      self.init(error.message, hint: error.hint, status: status)
    case let error as GitError:
      self.init(StoreError(error))
    case let error as SimulaError:
      self.init(error.message, hint: error.hint)
    case let error as TeacherError:
      self.init(
        error.message, hint: error.hint, status: error.code == .cancelled ? .interrupted : .failed)
    case let error as RecipeErrors:
      self.init(Failure.list(error.errors.map { ($0.description, $0.hint) }))
    case let error as RecipeError:
      self.init(error.description, hint: error.hint)
    case let error as SourceErrors:
      self.init(Failure.list(error.errors.map { ($0.description, $0.hint) }))
    case let error as SourceEditError:
      self.init(error.message, hint: error.hint)
    case let error as SourceError:
      self.init(error.description, hint: error.hint)
    case let error as JSONError:
      self.init("not JSON: \(error.message) at byte \(error.offset)")
    case let error as RunStopped:
      guard let cause = Failure(error.cause) else { return nil }
      self.init(
        cause.message,
        hint: [
          cause.hint,
          "\(error.report.kept) of \(error.report.wanted) samples"
            + (error.report.gaps.map { ", and \($0.kept) of \($0.wanted) more for gaps," } ?? "")
            + " are committed as a partial version; run again to go on",
        ].compactMap(\.self).joined(separator: "\n      "), status: cause.status)
    case is CancellationError:
      self.init(
        "stopped", hint: "every answer so far is kept; run again to go on", status: .interrupted)
    default:
      return nil
    }
  }

  private static func list(_ entries: [(text: String, hint: String?)]) -> String {
    entries.map { entry in entry.text + (entry.hint.map { "\n      hint: \($0)" } ?? "") }
      .joined(separator: "\n        ")
  }

  func report() {
    Output.complain("stemma: \(message)")
    if let hint, !hint.isEmpty { Output.complain("hint: \(hint)") }
  }
}

/// An error of a command itself.
struct CommandError: Error {
  let failure: Failure

  init(_ message: String, hint: String? = nil, status: ExitStatus = .failed) {
    failure = Failure(message, hint: hint, status: status)
  }
}
