import Git

/// The last few decompressed shards; hostile ones are large, so that their sizes count too.
struct ShardCache<Content> {
  private static var mostBytes: Int { 64 << 20 }

  private let mostShards: Int
  private var contents: [ObjectID: (content: Content, sizeInBytes: Int)] = [:]
  /// Those that were used last come last.
  private var order: [ObjectID] = []
  private var sizeInBytes = 0

  init(mostShards: Int) { self.mostShards = mostShards }

  mutating func find(_ object: ObjectID) -> Content? {
    guard let found = contents[object] else { return nil }
    if order.last != object, let place = order.firstIndex(of: object) {
      order.remove(at: place)
      order.append(object)
    }
    return found.content
  }

  /// Keeps a shard; the one that was added last stays whatever its size.
  mutating func add(_ content: Content, _ object: ObjectID, sizeInBytes size: Int) {
    guard contents[object] == nil else { return }
    contents[object] = (content, size)
    order.append(object)
    sizeInBytes += size
    while order.count > 1, order.count > mostShards || sizeInBytes > Self.mostBytes {
      sizeInBytes -= contents.removeValue(forKey: order.removeFirst())?.sizeInBytes ?? 0
    }
  }
}

/// Lines that are about to be asked for.
struct PreparedLines {
  private static let mostBytes = 8 << 20

  private(set) var lines: [RecordLocation: [UInt8]] = [:]
  private var sizeInBytes = 0

  mutating func add(_ line: [UInt8], _ location: RecordLocation) {
    if sizeInBytes + line.count > Self.mostBytes {
      lines.removeAll()
      sizeInBytes = 0
    }
    guard line.count <= Self.mostBytes else { return }
    if lines.updateValue(line, forKey: location) == nil { sizeInBytes += line.count }
  }
}
