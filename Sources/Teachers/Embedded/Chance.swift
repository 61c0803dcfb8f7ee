/// A stream of random numbers that is a pure function of its seed and a label.
struct Chance {
  private var state: UInt64

  init(_ seed: UInt64, _ label: StaticString) {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    label.withUTF8Buffer { bytes in
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    }
    state = seed ^ hash
  }

  /// The next 64 bits (SplitMix64).
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// A number from 0 up to but not including 1.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func happens(_ rate: Double) -> Bool { uniform() < rate }

  /// A number from 0 up to but not including a limit, which is more than 0.
  mutating func below(_ limit: Int) -> Int {
    Int(truncatingIfNeeded: next().multipliedFullWidth(by: UInt64(limit)).high)
  }

  mutating func within(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.count)
  }

  /// One of the elements, of which there is at least one.
  mutating func element<Element>(of elements: [Element]) -> Element {
    elements[below(elements.count)]
  }

  mutating func shuffle<Element>(_ elements: inout [Element]) {
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, below(last + 1))
    }
  }
}

/// Makes a seed of fields, each framed by its length; fast, and for no purpose but chance.
struct SeedFields {
  private var state: UInt64

  init(_ domain: String) {
    state = 0x9E37_79B9_7F4A_7C15
    add(domain)
  }

  mutating func add(_ field: String) {
    var field = field
    field.withUTF8 { bytes in
      let raw = UnsafeRawBufferPointer(bytes)
      add(raw.count)
      var offset = 0
      while offset + 16 <= raw.count {
        let first = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
        let second = raw.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)
        mix(UInt64(littleEndian: first), UInt64(littleEndian: second))
        offset += 16
      }
      while offset + 8 <= raw.count {
        mix(UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
        offset += 8
      }
      var rest: UInt64 = 0
      for byte in raw[offset...] { rest = rest << 8 | UInt64(byte) }
      mix(rest)
    }
  }

  mutating func add(_ number: Int) { mix(UInt64(bitPattern: Int64(number))) }

  func seed() -> UInt64 {
    var chance = Chance(state, "seed")
    return chance.next()
  }

  private mutating func mix(_ value: UInt64, _ second: UInt64 = 0) {
    let product = (state ^ value).multipliedFullWidth(by: second ^ 0xE703_7ED1_A0B4_28DB)
    state = (product.high ^ product.low) &+ 0x8EBC_6AF0_9C88_C6E3 &+ (value ^ (second << 1))
  }
}
