import CanonicalJSON

extension FuzzTarget {
  static let json = FuzzTarget(
    name: "json",
    words: [
      "true", "false", "null", "\\u", "\\ud83d\\ude00", "9007199254740992", "1e21", "-0",
      "\"key\":",
    ],
    seeds: {
      [
        #"{"b":[1,2.5,-3e-7,1e21,9007199254740992],"a":{"":null},"é":"\u00e9\n\"\\"}"#,
        #" [ true , false , null , "\ud83d\ude00" , {} , [] , -0.0 , 5e-324 ] "#,
        String(repeating: "[", count: 128) + String(repeating: "]", count: 128),
        #"{"a":{"key":1},"key":"\n\u0001é","l":[-0.5,true,null]}"#,
        "{" + (0..<20).map { "\"\($0)\":\($0)" }.joined(separator: ",") + "}",
      ].map { Array($0.utf8) }
    },
    check: { bytes in
      if let member = PlainObject.value(of: "key", in: bytes.span) {
        let whole = expectNoThrow("what is plain is JSON") { try JSON(parsing: bytes) }
        let value = expectNoThrow("a member's value is JSON") {
          try JSON(parsing: Array(bytes[member]))
        }
        expect(whole["key"] == value, "a member has another value")
      }
      guard let value = try? JSON(parsing: bytes) else { return }
      expect(depth(of: value) <= JSON.maximumDepth, "nested too deeply")
      let canonical = value.canonicalBytes
      let again = expectNoThrow("the canonical form is read") { try JSON(parsing: canonical) }
      expect(again == value, "the canonical form has another value")
      expect(again.canonicalBytes == canonical, "the canonical form has another form")
      expect(again.hashValue == value.hashValue, "equal values have one hash")
      let plain = expectNoThrow("the compact form is read") { try JSON(parsing: value.text) }
      expect(plain.canonicalBytes == canonical, "the compact form has another value")
      expect(plain.text == value.text, "the compact form has another form")
    })

  private static func depth(of value: JSON) -> Int {
    switch value {
    case .array(let values): 1 + (values.map(depth).max() ?? 0)
    case .object(let object): 1 + (object.members.map { depth(of: $0.value) }.max() ?? 0)
    default: 0
    }
  }
}
