import ArtifactStore
import CanonicalJSON
import Foundation
import Teachers

/// What batches answered since the last version, for that version to tell: a local file.
struct BatchedAnswersFile {
  private let url: URL

  init(_ store: Store) { url = store.folder.appending(path: "batched-answers.json") }

  /// What was answered; nothing where the file cannot be read, since nothing depends on it.
  var counts: CallCache.Counts {
    var counts = CallCache.Counts()
    guard let bytes = try? Data(contentsOf: url), let json = try? JSON(parsing: Array(bytes))
    else { return counts }
    counts.asked = LocalCount.of(json["calls"]) ?? 0
    counts.usage.inputTokens = LocalCount.of(json["input-tokens"]) ?? 0
    counts.usage.outputTokens = LocalCount.of(json["output-tokens"]) ?? 0
    return counts
  }

  /// Adds what was fetched.
  func add(_ progress: BatchDesk.Progress) throws(StoreError) {
    guard progress.recorded > 0 else { return }
    let before = counts
    let json: JSON = [
      "calls": JSON(before.asked + progress.recorded),
      "input-tokens": JSON(before.usage.inputTokens + progress.usage.inputTokens),
      "output-tokens": JSON(before.usage.outputTokens + progress.usage.outputTokens),
    ]
    try DurableFile.replace(url, with: json.canonicalBytes)
  }

  /// A version tells it now.
  func remove() { try? FileManager.default.removeItem(at: url) }
}
