package import ArtifactStore

/// Takes recorded calls from files of lines, as a union with those that are here.
package struct CallImport {
  package struct Report: Sendable {
    package var counts = CallUnion.Counts()
    /// Lines that are no calls and were left out.
    package var badCount = 0
    /// What was wrong with the first of them.
    package var badLines: [String] = []
  }

  /// So many bad lines are told in words.
  private static let toldCount = 10

  private let skipsBad: Bool
  private var union: CallUnion
  private var report = Report()

  /// Opens the calls; the caller holds the writer lock.
  package init(_ store: Store, skippingBad skipsBad: Bool) throws(StoreError) {
    self.skipsBad = skipsBad
    union = try CallUnion(store)
  }

  /// Takes the calls of a file or a pipe.
  ///
  /// - Parameters:
  ///   - descriptor: It stays open.
  ///   - name: What messages call it.
  ///   - didRead: Told how many of its bytes were read so far.
  /// - Throws: ``StoreError`` that names the line; what came before it is kept.
  package mutating func read(
    _ descriptor: Int32, name: String, didRead: (_ sizeInBytes: Int) -> Void
  ) throws(StoreError) {
    var lines = NumberedLines(descriptor, name: name)
    do throws(StoreError) {
      while let line = try lines.next() {
        if lines.number % 64 == 0 { didRead(lines.sizeInBytes) }
        do throws(CallFormError) {
          try take(line)
        } catch {
          try note("\(name), line \(lines.number): \(error.message)")
        }
        if let failure { throw failure }
      }
    } catch {
      try union.finish()
      throw StoreError(
        error.code, error.message,
        hint: "\(union.counts.added) calls before it were added"
          + (error.hint.map { "; \($0)" } ?? ""))
    }
  }

  /// What kept a call from being added, which is no matter of its line.
  private var failure: StoreError?

  private mutating func take(_ line: NumberedLines.Line) throws(CallFormError) {
    switch line {
    case .tooLong:
      throw CallFormError("it is longer than \(Shard.maximumLineSizeInBytes) bytes")
    case .whole(let bytes):
      guard !bytes.isEmpty, bytes != [0x0D], !union.takesForKnown(bytes) else { return }
      let call = try ForeignCall.record(bytes)
      do throws(StoreError) {
        try union.add(call.record, key: call.key)
      } catch {
        failure = error
      }
    }
  }

  private mutating func note(_ problem: String) throws(StoreError) {
    guard skipsBad else {
      throw StoreError(
        .refused, problem, hint: "'--skip-bad' leaves such lines out")
    }
    report.badCount += 1
    if report.badLines.count < Self.toldCount { report.badLines.append(problem) }
  }

  /// Makes all durable.
  package consuming func finish() throws(StoreError) -> Report {
    try union.finish()
    var report = report
    report.counts = union.counts
    return report
  }
}
