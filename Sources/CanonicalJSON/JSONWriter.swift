/// Appends JSON to a buffer.
package struct JSONWriter: ~Copyable {
  private let sortsNames: Bool
  private var buffer: UnsafeMutableRawBufferPointer
  /// Whether the buffer was lent.
  private var isLent = false
  package private(set) var count = 0

  /// - Parameters:
  ///   - sortsNames: Whether members stand in the order of their names.
  ///   - sizeInBytes: About what is written.
  package init(sortsNames: Bool, sizeInBytes: Int = 256) {
    self.sortsNames = sortsNames
    buffer = .allocate(byteCount: max(sizeInBytes, 64), alignment: 16)
  }

  /// Writes to a buffer that outlives this, as long as there is room.
  private init(sortsNames: Bool, in room: UnsafeMutableRawBufferPointer) {
    self.sortsNames = sortsNames
    buffer = room
    isLent = true
  }

  deinit { if !isLent { buffer.deallocate() } }

  /// What is written.
  ///
  /// - Parameters:
  ///   - sortsNames: Whether members stand in the order of their names.
  ///   - sizeInBytes: About what is written, and rather more: then it is written in its place.
  ///   - body: Writes it.
  /// - Returns: The bytes.
  package static func bytes(
    sortsNames: Bool, sizeInBytes: Int, _ body: (inout JSONWriter) -> Void
  ) -> [UInt8] {
    var moved: [UInt8]?
    let bytes = [UInt8](unsafeUninitializedCapacity: sizeInBytes) { room, count in
      var writer = JSONWriter(sortsNames: sortsNames, in: UnsafeMutableRawBufferPointer(room))
      body(&writer)
      if writer.isLent { count = writer.count } else { moved = writer.bytes }
    }
    return moved ?? bytes
  }

  /// Writes a value, which most are short enough for without memory of its own, and lends what came out.
  static func writing<Result>(
    _ value: JSON, sortsNames: Bool, _ body: (borrowing JSONWriter) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(byteCount: 1024, alignment: 16) { room in
      var writer = JSONWriter(sortsNames: sortsNames, in: room)
      writer.write(value)
      return body(writer)
    }
  }

  /// What was written.
  package var bytes: [UInt8] { [UInt8](written) }

  /// The same as text.
  var text: String { String(decoding: written, as: UTF8.self) }

  private var written: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<count]) }

  // MARK: - Values

  package mutating func write(_ value: borrowing JSON) {
    switch value {
    case .null: write(raw: "null")
    case .bool(let value): write(raw: value ? "true" : "false")
    case .number(let value): write(number: value)
    case .string(let value): write(string: value)
    case .array(let values):
      append(UInt8(ascii: "["))
      let values = values.span
      for place in values.indices {
        if place > 0 { append(UInt8(ascii: ",")) }
        write(values[place])
      }
      append(UInt8(ascii: "]"))
    case .object(let object): write(members: object.members.span)
    }
  }

  /// Appends text that is JSON, or a part of it, as it stands.
  package mutating func write(raw text: StaticString) {
    text.withUTF8Buffer { append(UnsafeRawBufferPointer($0)) }
  }

  /// Appends bytes that are JSON as they stand.
  package mutating func write(raw json: [UInt8]) { json.withUnsafeBytes { append($0) } }

  private mutating func write(members: Span<JSONObject.Member>) {
    append(UInt8(ascii: "{"))
    if !sortsNames || isSorted(members) {
      for place in members.indices { write(members, place, isFirst: place == 0) }
    } else if members.count <= Self.fewMembers {
      writeSorted(few: members)
    } else {
      let names = members.indices.map { members[$0].name }
      let order = members.indices.sorted { precedes(names[$0], names[$1]) }
      for (number, place) in order.enumerated() { write(members, place, isFirst: number == 0) }
    }
    append(UInt8(ascii: "}"))
  }

  /// So many are sorted by insertion.
  private static let fewMembers = 16

  private mutating func writeSorted(few members: Span<JSONObject.Member>) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: members.count) { order in
      for place in members.indices {
        var number = place
        while number > 0, precedes(members[place].name, members[order[number - 1]].name) {
          order[number] = order[number - 1]
          number -= 1
        }
        order[number] = place
      }
      for number in order.indices { write(members, order[number], isFirst: number == 0) }
    }
  }

  private mutating func write(
    _ members: Span<JSONObject.Member>, _ place: Int, isFirst: Bool
  ) {
    if !isFirst { append(UInt8(ascii: ",")) }
    write(string: members[place].name)
    append(UInt8(ascii: ":"))
    write(members[place].value)
  }

  private func isSorted(_ members: Span<JSONObject.Member>) -> Bool {
    for place in members.indices.dropFirst()
    where !precedes(members[place - 1].name, members[place].name) {
      return false
    }
    return true
  }

  /// Order by UTF-16 code units, which differs from that of UTF-8 above the basic plane.
  private func precedes(_ left: String, _ right: String) -> Bool {
    let (lefts, rights) = (left.utf8.span, right.utf8.span)
    let end = min(lefts.count, rights.count)
    for place in 0..<end where lefts[place] != rights[place] {
      let (first, second) = (lefts[place], rights[place])
      if first < 0x80, second < 0x80 { return first < second }
      return left.utf16.lexicographicallyPrecedes(right.utf16)
    }
    return lefts.count < rights.count
  }

  // MARK: - Strings

  /// For so many bytes of text there is room made, of which each may become six.
  private static let chunkSizeInBytes = 64

  package mutating func write(string: String) {
    append(UInt8(ascii: "\""))
    string.utf8.span.withUnsafeBytes { write(text: $0) }
    append(UInt8(ascii: "\""))
  }

  private mutating func write(text: UnsafeRawBufferPointer) {
    var start = 0
    while start < text.count {
      reserve(6 * min(text.count - start, Self.chunkSizeInBytes))
      // All for which there is room, whatever it holds.
      let end = min(text.count, start + (buffer.count - count) / 6)
      guard let target = buffer.baseAddress else { return }
      count += PlainText.write(
        UnsafeRawBufferPointer(rebasing: text[start..<end]), to: target + count)
      start = end
    }
  }

  // MARK: - Numbers

  /// Appends a number; whole ones, which most are, digit by digit.
  package mutating func write(number value: Double) {
    if let whole = Int(exactly: value), abs(whole) <= 1 << 53 {
      if whole < 0 { append(UInt8(ascii: "-")) }
      write(digits: whole.magnitude)
    } else if let thousandths = Self.thousandths(value) {
      if value < 0 { append(UInt8(ascii: "-")) }
      write(digits: thousandths / 1000)
      append(UInt8(ascii: "."))
      var rest = thousandths % 1000
      while rest > 0 {
        append(UInt8(ascii: "0") + UInt8(rest / 100))
        rest = rest % 100 * 10
      }
    } else {
      Array(JSONNumber.text(value).utf8).withUnsafeBytes { append($0) }
    }
  }

  /// The thousandths that a number is exactly as close to as doubles can be, or nil when it needs more
  /// digits, or more than 15 in all, below which decimal numbers and doubles correspond.
  private static func thousandths(_ value: Double) -> UInt? {
    let scaled = (value.magnitude * 1000).rounded()
    guard scaled < 1e15, scaled / 1000 == value.magnitude else { return nil }
    return UInt(scaled)
  }

  private mutating func write(digits number: UInt) {
    var rest = number
    let start = count
    repeat {
      append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    } while rest > 0
    buffer[start..<count].reverse()
  }

  // MARK: - Bytes

  private mutating func append(_ byte: UInt8) {
    reserve(1)
    put(byte)
  }

  private mutating func append(_ bytes: UnsafeRawBufferPointer) {
    reserve(bytes.count)
    UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyMemory(from: bytes)
    count += bytes.count
  }

  /// Writes a byte for which there is room.
  private mutating func put(_ byte: UInt8) {
    buffer[count] = byte
    count += 1
  }

  @inline(__always)
  private mutating func reserve(_ room: Int) {
    if buffer.count - count < room { grow(room) }
  }

  private mutating func grow(_ room: Int) {
    let larger = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(2 * buffer.count, count + room), alignment: 16)
    larger.copyMemory(from: written)
    if !isLent { buffer.deallocate() }
    buffer = larger
    isLent = false
  }
}
