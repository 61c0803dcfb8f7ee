import Pipeline

/// Shows how much of a file is read.
struct ByteProgress: Sendable {
  private static let unit = 1_000_000
  private let total: Int?
  private let reporter = RunReporter()

  /// - Parameter total: The size of the file, nil when it is not known.
  init(total: Int?) { self.total = total.map { max(1, $0 / Self.unit) } }

  func update(_ sizeInBytes: Int) {
    reporter.update(
      RunProgress(
        stage: "MB read", done: sizeInBytes / Self.unit, total: total, asked: 0, cached: 0))
  }

  func end() { reporter.end() }
}

/// Shows how many things are done, and of how many.
struct CountProgress: Sendable {
  private let what: String
  private let reporter = RunReporter()

  init(_ what: String) { self.what = what }

  func update(_ count: Int, of total: Int) {
    Self.show(what, count, of: total, on: reporter)
  }

  /// Shows it on a line that others write to as well.
  static func show(_ what: String, _ count: Int, of total: Int, on reporter: RunReporter) {
    reporter.update(RunProgress(stage: what, done: count, total: total, asked: 0, cached: 0))
  }

  func end() { reporter.end() }
}
