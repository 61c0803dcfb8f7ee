/// Sorts digests, which are spread evenly, by their first 8 bytes.
///
/// Digests that share these stand in any order: who searches looks at all of them.
enum DigestOrder {
  /// The ordinals of words in the order of the words; 4 bytes a word beside the words.
  static func sorted(_ words: [UInt64]) -> [UInt32] {
    // As many buckets as leave about eight words in each.
    let bits = max(1, Int.bitWidth - words.count.leadingZeroBitCount - 3)
    let shift = UInt64(64 - bits)
    var starts = [UInt32](repeating: 0, count: (1 << bits) + 1)
    for word in words { starts[Int(word >> shift) + 1] += 1 }
    for bucket in 1..<starts.count { starts[bucket] += starts[bucket - 1] }
    var next = starts
    var order = [UInt32](repeating: 0, count: words.count)
    for (ordinal, word) in words.enumerated() {
      let bucket = Int(word >> shift)
      order[Int(next[bucket])] = UInt32(ordinal)
      next[bucket] += 1
    }
    for bucket in 0..<(starts.count - 1) {
      sort(&order, Int(starts[bucket])..<Int(starts[bucket + 1]), words)
    }
    return order
  }

  /// The ordinals of ids in the order of all their bytes.
  static func fullySorted(_ ids: [RecordID]) -> [UInt32] {
    var order = sorted(ids.map(\.digest.leadingWord))
    for index in order.indices.dropFirst() {
      var place = index
      while place > 0, ids[Int(order[place])] < ids[Int(order[place - 1])] {
        order.swapAt(place, place - 1)
        place -= 1
      }
    }
    return order
  }

  /// Sorts a bucket: by insertion, for it is small; a large one was made to be large.
  private static func sort(_ order: inout [UInt32], _ range: Range<Int>, _ words: [UInt64]) {
    guard range.count <= 64 else {
      order[range].sort { words[Int($0)] < words[Int($1)] }
      return
    }
    for index in range.dropFirst() {
      let ordinal = order[index]
      let word = words[Int(ordinal)]
      var place = index
      while place > range.lowerBound, words[Int(order[place - 1])] > word {
        order[place] = order[place - 1]
        place -= 1
      }
      order[place] = ordinal
    }
  }
}
