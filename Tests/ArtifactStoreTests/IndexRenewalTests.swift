import Foundation
import Git
import Synchronization
import TestSupport
import Testing

@testable import ArtifactStore

/// An index that is made anew reads many shards beside each other, and knows of them what it knew.
@Suite("An index made anew")
struct IndexRenewalTests {
  /// A shard that git is given, by its content.
  private struct Made {
    let path: ArtifactPath
    let content: [UInt8]
    var frame: [UInt8]

    init(_ kind: RecordKind, _ lines: [[UInt8]]) {
      content = Array(lines.map { $0 + [0x0A] }.joined())
      path = ArtifactPath(kind: kind, digest: Digest(of: content))
      frame = ZstdCodec().compress(content)
    }

    /// As git names its object.
    var object: ObjectID { ObjectID(hashing: .blob, frame) }
  }

  /// Writes a commit that holds shards, with git's own program.
  private func put(_ shards: [Made], at reference: String, in dataset: TestDataset) async throws {
    var stream: [UInt8] = []
    for (number, shard) in shards.enumerated() {
      stream += Array("blob\nmark :\(number + 1)\ndata \(shard.frame.count)\n".utf8)
      stream += shard.frame + [0x0A]
    }
    stream += Array("commit \(reference)\ncommitter A <a@b> 0 +0000\ndata 1\nx\n".utf8)
    for (number, shard) in shards.enumerated() {
      stream += Array("M 100644 :\(number + 1) \(shard.path.text)\n".utf8)
    }
    try await dataset.git("fast-import", "--quiet", "--force", input: stream + [0x0A])
  }

  /// More than are read at once, and of several sizes.
  private static let counts = (0..<150).map { [1, 7, 40][$0 % 3] }

  private func calls() -> [Made] {
    Self.counts.enumerated().map { shard, count in
      Made(.calls, (0..<count).map { Record.call(shard * 100 + $0).record.line })
    }
  }

  @Test("all calls are found, and one bad shard among them stops nothing")
  func badCalls() async throws {
    try await withDataset { dataset in
      let good = calls()
      var garbage = Made(.calls, [Record.call(90_001).record.line])
      garbage.frame = Array("no frame".utf8)
      var other = Made(.calls, [Record.call(90_002).record.line])
      other.frame = good[0].frame + ZstdCodec().compress([])
      var renamed = Made(.calls, [Record.call(90_003).record.line])
      renamed.frame = ZstdCodec().compress(good[1].content + good[2].content)
      let line = String(decoding: Record.call(90_004).record.line, as: UTF8.self)
      let bad = [
        garbage, other, renamed,
        Made(.calls, [Array(line.replacing("\"key\"", with: "\"kay\"").utf8)]),
        Made(.calls, [Record.call(90_005).record.line, Array("no call".utf8)]),
        Made(.calls, [Array(line.replacing("draw", with: "draw\u{1}").utf8)]),
      ]
      try await put(good + bad, at: CallReferences.own + "a", in: dataset)
      // Once as a clone has it, once after damage.
      for round in 0..<2 {
        let store = try Store(at: dataset.root)
        let told = Mutex<[Int]>([])
        store.index.follow { kind, done, total in
          #expect(kind == .calls)
          #expect(total == 156)
          told.withLock { $0.append(done) }
        }
        try store.index.catchUpCalls()
        #expect(told.withLock { $0 } == [0, 64, 128, 156])
        try store.index.catchUpCalls()
        #expect(told.withLock(\.count) == 4)
        for (shard, made) in good.enumerated() {
          let records = try Shard.records(.calls, made.content)
          #expect(try store.index.recordIDs(ofShard: made.object, .calls) == records.map(\.id))
          let keys = (0..<Self.counts[shard]).map { Record.call(shard * 100 + $0).key }
          #expect(try store.index.keys(ofShard: made.object) == keys)
          let last = try #require(records.last)
          #expect(try store.sealedCalls(keys[keys.count - 1]).map(\.id) == [last.id])
        }
        for made in bad {
          #expect(try store.index.recordCount(ofShard: made.object, .calls) == nil, "\(round)")
        }
        #expect(try CallLines(store).count == Self.counts.reduce(0, +))
        try FileManager.default.removeItem(at: dataset.folder.appending(path: "index"))
      }
    }
  }

  @Test("records of a version are known in their order, and the first bad shard is told")
  func records() async throws {
    try await withDataset { dataset in
      let good = Self.counts.enumerated().map { shard, count in
        Made(.samples, (0..<count).map { Record.made(.samples, shard * 100 + $0).line })
      }
      try await put(good, at: "refs/heads/good", in: dataset)
      let line = Record.made(.samples, 90_000).line
      let twice = Made(.samples, [line, line])
      try await put(good + [twice], at: "refs/heads/bad", in: dataset)
      let store = try Store(at: dataset.root)
      let bad = try store.version("bad")
      let error = #expect(throws: StoreError.self) { try store.index.catchUp(tree: bad.tree) }
      #expect(error?.code == .corrupt)
      #expect(error?.message.contains(twice.path.text) == true)
      try store.index.catchUp(tree: store.version("good").tree)
      for made in good {
        let ids = try Shard.records(.samples, made.content).map(\.id)
        #expect(try store.index.recordIDs(ofShard: made.object, .samples) == ids)
      }
    }
  }

  @Test("a disk that damages whatever is written is told, and not tried without end")
  func damagedAgain() async throws {
    try await withDataset { dataset in
      let shards = Self.counts.indices.map { shard in
        Made(.samples, [Record.made(.samples, shard).line])
      }
      try await put(shards, at: "refs/heads/one", in: dataset)
      try await put(Array(shards.dropFirst()), at: "refs/heads/other", in: dataset)
      let folder = dataset.folder.appending(path: "index")
      let store = try Store(at: dataset.root)
      let rounds = Mutex(0)
      store.index.follow { _, done, total in
        guard done == total else { return }
        rounds.withLock { $0 += 1 }
        #expect(throws: Never.self) { try Self.damageTrees(in: folder) }
      }
      try store.index.catchUp(tree: store.version("one").tree)
      let error = #expect(throws: StoreError.self) {
        try store.index.catchUp(tree: store.version("other").tree)
      }
      #expect(error?.code == .corrupt)
      #expect(error?.message.contains("damaged again") == true)
      #expect(error?.hint?.contains("check the disk") == true)
      // Once as it was asked for, and once to mend it.
      #expect(rounds.withLock { $0 } == 2)
      // Where the disk is whole, so is the index.
      let healed = try Store(at: dataset.root)
      try healed.index.catchUp(tree: healed.version("one").tree)
      let last = try #require(shards.last)
      #expect(try healed.index.recordCount(ofShard: last.object, .samples) == 1)
    }
  }

  /// Flips a bit in what each segment says of trees.
  private static func damageTrees(in folder: URL) throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where name.hasSuffix(".segment") {
      let url = folder.appending(path: name)
      guard let trees = IndexSegment(url.path)?.layout.trees, !trees.isEmpty else { continue }
      // In place: the file may be mapped.
      let file = try FileHandle(forUpdating: url)
      defer { try? file.close() }
      try file.seek(toOffset: UInt64(trees.lowerBound))
      let byte = try file.read(upToCount: 1)?.first ?? 0
      try file.seek(toOffset: UInt64(trees.lowerBound))
      try file.write(contentsOf: [byte ^ 1])
    }
  }
}
