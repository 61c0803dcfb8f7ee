import ArtifactStore
import CanonicalJSON
import Dataset
import Git
import Simula
import Synchronization
import Teachers
import TestSupport
import Testing

/// Datasets with critics to calibrate.
enum CalibrationLab {
  static let small: Lab.Knobs = [
    (["samples"], "24"), (["taxonomy", "depth"], "1"), (["factors"], "[Operation, Setting]"),
    (["critics", "double"], "ask"),
  ]

  /// Right answers, as a person would have them.
  static func gold(_ count: Int, _ form: SampleForm) async throws -> [KnownAnswer] {
    try await GeneratedProblem.make(count, seed: 77, accuracy: 1).compactMap { problem in
      KnownAnswer(["question": .string(problem.question), "answer": .init(problem.truth)], form)
    }
  }

  static func gold(_ count: Int) async throws -> [KnownAnswer] {
    try await gold(count, try SampleForm(try Lab.parsed().sample))
  }

  static func calibration(_ lab: Lab, _ teacher: (any Teacher)? = nil) -> CalibrationRun {
    CalibrationRun(lab.store, observer: NoticeList()) { settings in
      teacher ?? EmbeddedTeacher(rates: settings.embedded)
    }
  }

  static func with(
    _ knobs: Lab.Knobs = [], files: [String: String] = [:], _ body: (Lab) async throws -> Void
  ) async throws {
    try await withTemporaryDirectory { folder in
      try await body(
        try Lab.make(in: folder, recipe: try Lab.recipe(small + knobs), files: files))
    }
  }
}
