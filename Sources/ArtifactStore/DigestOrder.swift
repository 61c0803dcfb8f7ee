/// Sorts digests, which are spread evenly, by their first 8 bytes.
///
/// Digests that share these stand in any order: who searches looks at all of them.
enum DigestOrder {
  /// The ordinals of words in the order of the words; 5 bytes a word beside the words.
  static func sorted(_ words: [UInt64]) -> [UInt32] { sorted(words.count) { words[$0] } }

  private static func sorted(_ count: Int, _ word: (Int) -> UInt64) -> [UInt32] {
    // As many buckets as leave about eight words in each.
    let bits = max(1, Int.bitWidth - count.leadingZeroBitCount - 3)
    let shift = UInt64(64 - bits)
    // Where each bucket ends, then where it begins, for it is filled from its end.
    var places = [UInt32](repeating: 0, count: (1 << bits) + 1)
    for ordinal in 0..<count { places[Int(word(ordinal) >> shift)] += 1 }
    for bucket in 1..<places.count { places[bucket] += places[bucket - 1] }
    var order = [UInt32](repeating: 0, count: count)
    for ordinal in (0..<count).reversed() {
      let bucket = Int(word(ordinal) >> shift)
      places[bucket] -= 1
      order[Int(places[bucket])] = UInt32(ordinal)
    }
    for bucket in 0..<(places.count - 1) {
      sort(&order, Int(places[bucket])..<Int(places[bucket + 1]), word)
    }
    return order
  }

  /// The ordinals of ids in the order of all their bytes.
  static func fullySorted(_ ids: [RecordID]) -> [UInt32] {
    var order = sorted(ids.count) { ids[$0].digest.leadingWord }
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
  private static func sort(_ order: inout [UInt32], _ range: Range<Int>, _ wordOf: (Int) -> UInt64)
  {
    guard range.count <= 64 else {
      order[range].sort { wordOf(Int($0)) < wordOf(Int($1)) }
      return
    }
    for index in range.dropFirst() {
      let ordinal = order[index]
      let word = wordOf(Int(ordinal))
      var place = index
      while place > range.lowerBound, wordOf(Int(order[place - 1])) > word {
        order[place] = order[place - 1]
        place -= 1
      }
      order[place] = ordinal
    }
  }

  /// The first of so many positions at which nothing less than a word stands.
  ///
  /// Digests are spread evenly, so that a guess comes close, and a second one from what stands there
  /// closer: each look at a digest waits for memory. Who looks for several, the least first, tells where
  /// the last one was: the guess comes closer then.
  static func lowerBound<Failure: Error>(
    of word: UInt64, in count: Int, after last: (position: Int, word: UInt64) = (0, 0),
    _ wordAt: (Int) throws(Failure) -> UInt64
  ) throws(Failure) -> Int {
    guard last.position < count else { return count }
    var probe = min(last.position + place(word - last.word, count), count - 1)
    for _ in 0..<2 {
      let found = try wordAt(probe)
      let distance = found < word ? place(word - found, count) : -place(found - word, count)
      guard abs(distance) > 4 else { break }
      probe = min(max(probe + distance, 0), count - 1)
    }
    var low = 0
    var high = count
    var step = 2
    if try wordAt(probe) < word {
      low = probe + 1
      while low + step < count, try wordAt(low + step) < word {
        low += step + 1
        step *= 4
      }
      high = min(count, low + step)
    } else {
      high = probe
      probe = high - step
      while probe >= 0, try wordAt(probe) >= word {
        high = probe
        step *= 4
        probe = high - step
      }
      low = max(0, probe + 1)
    }
    while low < high {
      let middle = (low + high) / 2
      if try wordAt(middle) < word { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Where a word would stand among so many evenly spread ones, at most at the last place.
  private static func place(_ word: UInt64, _ count: Int) -> Int {
    min(Int(word.multipliedFullWidth(by: UInt64(count)).high), count - 1)
  }
}
