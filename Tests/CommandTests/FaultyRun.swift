import Foundation
import TestSupport
import Testing

/// A run through which something goes wrong that passes, and what must come of it all the same.
enum FaultyRun {
  static let samples = 24
  static let concurrency = 16

  static func change(_ recipe: inout TestRecipe) {
    recipe.shrink()
    recipe.samples = samples
    recipe.concurrency = concurrency
  }

  /// What the recipe comes to when nothing goes wrong.
  private static let undisturbed = Task {
    try await withServerDataset(SimulaScript(), change) { dataset, _, _ in
      try await dataset.run()
      return try await dataset.datasetDigest()
    }
  }

  /// Checks that a run which ended is as one that nothing disturbed: every answer of the server is
  /// recorded, and no question was asked again that had been answered.
  ///
  /// - Parameters:
  ///   - dataset: What was made.
  ///   - script: What answered.
  ///   - lost: How many answers may have been lost on their way.
  ///   - sourceLocation: Where the test expects it.
  /// - Throws: What kept the dataset from being read.
  static func expectWhole(
    _ dataset: TestDataset, _ script: SimulaScript, lost: Int = 0,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await dataset.expectSound(sourceLocation: sourceLocation)
    #expect(try await dataset.samples().count == samples, sourceLocation: sourceLocation)
    let digest = try await undisturbed.value
    #expect(try await dataset.datasetDigest() == digest, sourceLocation: sourceLocation)
    let answered = script.log.answered
    #expect(
      try await dataset.durableSeeds() == Set(answered), sourceLocation: sourceLocation)
    #expect(answered.count - Set(answered).count <= lost, sourceLocation: sourceLocation)
  }
}
