import ArtifactStore

/// Known answers of format 1; a change that moves one of them is a new format version.
///
/// They were computed with Python and not with this program:
///
///     from hashlib import sha256
///     id = sha256(kind + b"\0" + b"1\0" + line).hexdigest()
///     frame = lambda text: struct.pack(">Q", len(text)) + text
///
/// For a call, `line` is `json.dumps(call, sort_keys=True, separators=(",", ":"))` without the
/// member `usage`.
enum GoldenVectors {
  struct Vector: Sendable {
    let kind: RecordKind
    let line: String
    let id: String
  }

  static let records = [
    Vector(
      kind: .imports, line: #"{"b": 1,  "a": "not canonical"#,
      id: "10d9a113f11b92296323092b77fda6bb286024dc048517de22b803dacae0cdfd"),
    Vector(
      kind: .proposals,
      line: #"{"call":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f","fact"#
        + #"or":"1f4d80cbf42a8a9e","names":["Short and direct","Told as a story"],"node":"1f"#
        + #"4d80cbf42a8a9e","number":0,"task":"propose-children"}"#,
      id: "90c306b5a2d409169e07ec3ee91bf66fd0866688874039e6c1f7e0b78878d50b"),
    Vector(
      kind: .edits,
      line: #"{"action":"merge","call":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f"#
        + #"0f0f0f0f0f","candidate":"Told in a story","factor":"1f4d80cbf42a8a9e","node":"1f"#
        + #"4d80cbf42a8a9e","outcome":"applied","reason":"It is the same.","target":"Told as"#
        + #" a story"}"#,
      id: "405625c23ac8381cb933eb5c4aff0866e69af2729816c898070232ec15bd4b98"),
    Vector(
      kind: .plans,
      line: #"{"call":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f","fact"#
        + #"or":"1f4d80cbf42a8a9e","level":1,"task":"plan-level","text":"Keep all children e"#
        + #"qually specific."}"#,
      id: "166857df6a0137a06edbb2d2990e42c5a322534a6da0271db176101c67dd14af"),
    Vector(
      kind: .mixes,
      line: #"{"nodes":["1f4d80cbf42a8a9e","82bfceaa304b1e22"],"slot":7,"strategy":"e1a99a67b9"#
        + #"399c27"}"#,
      id: "d75ebf61ef9ae5305edf6997d1ee5e9f486567f444206781a90806ce741eb88c"),
    Vector(
      kind: .metaPrompts,
      line: #"{"attempt":0,"call":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0"#
        + #"f0f0f","from":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1""#
        + #","index":0,"mix":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"#
        + #"a1","text":"Leo counts œufs \"twice\" 😀."}"#,
      id: "a8d4fb979d1f5e16e0469ba3ec296cdcb18cf5180a12054bfc5958508e3736ef"),
    Vector(
      kind: .samples,
      line: #"{"attempt":1,"call":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0"#
        + #"f0f0f","meta-prompt":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"#
        + #"a1a1a1","slot":7,"value":{"answer":53.5,"question":"How many?","reasoning":"50 +"#
        + #" 3.5\n= 53.5"}}"#,
      id: "76214f32ffaad2fb885663fad0d57757b42988185e166ee1fa224695e5ea334c"),
    Vector(
      kind: .rejections,
      line: #"{"attempt":0,"call":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0"#
        + #"f0f0f","detail":"wrong","meta-prompt":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a"#
        + #"1a1a1a1a1a1a1a1a1a1a1a1","reason":"incorrect","sample":"a1a1a1a1a1a1a1a1a1a1a1a1"#
        + #"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1","slot":7,"value":{"answer":52,"questio"#
        + #"n":"How many?"}}"#,
      id: "430651f3eeced51a1d7b903697004c31ef8e8d622a2173239b8d576524fba75e"),
    Vector(
      kind: .verdicts,
      line: #"{"call":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f","expl"#
        + #"anation":"It is right.","outcome":"yes","role":"ask-correct","round":0,"sample":"#
        + #""a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"}"#,
      id: "4babe7c7570ab3cb6ec8518d485ccb1f349be278f359d558d0ee6256e1554bdc"),
    Vector(
      kind: .calls,
      line: #"{"answer":{"finish":"stop","text":"[1, 2]"},"key":"c3c3c3c3c3c3c3c3c3c3c3c3c3c3c"#
        + #"3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3","request":{"builder":1,"draw":"slot 7 attem"#
        + #"pt 0","messages":[{"role":"user","text":"Name two."}],"model":"small","provider""#
        + #":"openai","task":"generate","temperature":0.7,"try":0},"usage":{"input":11,"outp"#
        + #"ut":7}}"#,
      id: "623d2f5296f67c0f5c758321f89f6bb286640af57f5066b7022f97ae7ba0877d"),
    Vector(
      kind: .tombstones,
      line: #"{"reason":"no longer derived","record":"a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1"#
        + #"a1a1a1a1a1a1a1a1a1a1a1a1","run":"20250102T030405Z-0a1b2c3d"}"#,
      id: "c81588332796a757841fca2cc953a098d0e4482427dd17ee1378983a5bf7ed74"),
  ]

  /// The digest of samples with the ids `sha256(b"s0")`, `s1` and `s2`, and a verdict `v`.
  static let datasetDigest = "c5217543935e2d7e980ebae54305b176d818c62289d356b93bcfb21bcc05e681"
  static let emptyDatasetDigest =
    "036688421e86b6bafbd442c57524421382e6d39a40fb94c4b0d3a48660e212d9"

  /// A call key by its fields, each with its values; one that is absent has none.
  static let callKeyFields: [(name: String, values: [String])] = [
    ("builder", ["1"]), ("provider", ["openai"]), ("model", ["small"]), ("revision", []),
    ("messages", ["user", "Name two."]), ("temperature", ["0.7"]), ("top-p", []),
    ("max-tokens", []), ("schema", []), ("inputs", []), ("draw", ["slot 7 attempt 0"]),
    ("try", ["0"]),
  ]
  static let callKey = "09c2b9a0c2516fec81a0f6bc12da418bc84e5d8ca59be97b2da2d7132b04ec49"

  /// The hash of `frame("stemma node 1")`, `frame("")` and `frame("operation")`.
  static let rootNode = "1f4d80cbf42a8a9e2836efd31a7d7759516aecda97ac7867fd6c688161df1b98"

  /// The address of a shard that holds only the mix above.
  static let shardOfMix = "2f4799e522fe2f78671fce328000f3a7990c96cbe46d005e982f66be6b417cf8"
}
