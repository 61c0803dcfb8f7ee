/// Counts texts that nearly repeat an earlier one, by the exact Jaccard index of 13-word grams.
enum NearRepeats {
  static func count(in texts: [String], threshold: Double) -> Int {
    var holders: [Int: [Int]] = [:]
    var sizes: [Int] = []
    var repeats = 0
    for (index, text) in texts.enumerated() {
      let grams = grams(of: text)
      var shared: [Int: Int] = [:]
      for gram in grams {
        for holder in holders[gram, default: []] { shared[holder, default: 0] += 1 }
        holders[gram, default: []].append(index)
      }
      sizes.append(grams.count)
      let isRepeat = shared.contains { holder, count in
        Double(count) >= threshold * Double(grams.count + sizes[holder] - count)
      }
      if isRepeat { repeats += 1 }
    }
    return repeats
  }

  private static func grams(of text: String) -> Set<Int> {
    let words = text.lowercased().utf8.split { byte in
      !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }.map { String(Substring($0)).hashValue }
    guard words.count >= 13 else { return [words.hashValue] }
    return Set((0...(words.count - 13)).map { words[$0..<($0 + 13)].hashValue })
  }
}
