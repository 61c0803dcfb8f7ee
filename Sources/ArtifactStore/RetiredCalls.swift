import CanonicalJSON
import Foundation
import Git

/// What was pruned from this copy's calls: a local note, which may be lost.
///
/// Of each call the first 8 bytes of its id are kept, so that it can be told from one that was never
/// fetched; of the histories that were rewritten their writers, so that no fetch brings them back.
package struct RetiredCalls: Sendable {
  package let writers: Set<String>
  private let words: [UInt64]
  private let path: String

  package init(_ store: Store) {
    path = store.folder.appending(path: "pruned").path(percentEncoded: false)
    guard let file = ColumnFile(path), file.columnCount == 1,
      let words = file.numbers(
        ofColumn: 0, count: file.size(ofColumn: 0) / 8, as: UInt64.self)
    else {
      (writers, self.words) = ([], [])
      return
    }
    self.words = words
    writers = Set(file.header["writers"]?.array?.compactMap(\.string) ?? [])
  }

  /// Whether a call was here and was pruned.
  package func contains(_ call: RecordID) -> Bool {
    let word = call.digest.leadingWord
    let place = DigestOrder.lowerBound(of: word, in: words.count) { words[$0] }
    return place < words.count && words[place] == word
  }

  /// Notes calls and writers besides those that are known.
  func add(_ calls: [UInt64], writers: [String]) throws(StoreError) {
    var file = try ColumnFileWriter(path)
    var all = words + calls
    all.sort()
    try file.append(all)
    try file.endColumn()
    let names = self.writers.union(writers).sorted()
    try file.finish(header: JSONObject([("writers", .array(names.map { .string($0) }))]))
  }
}
