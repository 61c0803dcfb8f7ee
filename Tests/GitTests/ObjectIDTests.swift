import Git
import Testing

@Suite("Object ID")
struct ObjectIDTests {
  @Test("text, bytes and order agree")
  func conversions() throws {
    let hex = "00ff0123456789abcdef00112233445566778899"
    let id = try #require(ObjectID(hex: hex))
    #expect(id.hex == hex)
    #expect(id.bytes.count == 20)
    #expect(ObjectID(bytes: id.bytes) == id)
    #expect(ObjectID(hex: hex.uppercased()) == id)
    var random = FixedRandom(seed: 2)
    let ids = (0..<500).compactMap { _ in
      ObjectID(bytes: (0..<20).map { _ in UInt8.random(in: 0...3, using: &random) })
    }
    #expect(ids.count == 500)
    #expect(ids.sorted().map(\.hex) == ids.map(\.hex).sorted())
  }

  @Test(
    "what is no ID is refused",
    arguments: ["", "00ff", String(repeating: "g", count: 40), String(repeating: "0", count: 41)])
  func refused(text: String) {
    #expect(ObjectID(hex: text) == nil)
    #expect(ObjectID(bytes: Array(text.utf8)) == nil)
  }

  @Test("known objects have git's names")
  func knownObjects() {
    #expect(
      ObjectID(hashing: .blob, []).hex == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
    #expect(ObjectID.emptyTree.hex == "4b825dc642cb6eb9a060e54bf8d69288fbee4904")
  }
}
