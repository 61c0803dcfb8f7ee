import Foundation

/// The store at one size: every case beside what it is held against.
struct StoreBenchmark {
  let stemma: String
  /// This program, which writes calls in a process of its own.
  let own: String
  let corpus: CorpusFiles
  let folder: URL
  private(set) var rows: [BenchmarkRow] = []

  init(stemma: String, own: String, corpus: CorpusFiles, folder: URL) throws {
    self.stemma = stemma
    self.own = own
    self.corpus = corpus
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private var program: MeasuredProgram { MeasuredProgram(folder: folder) }
  private var dataset: URL { folder.appending(path: "dataset") }

  mutating func run() throws {
    let zstd = try floor("pieces1")
    try program.run([stemma, "init", "dataset", "--recipe", "blank"])
    try program.shell("cp -r dataset dataset.empty")
    let v1 = try writing(zstd)
    try changing(v1)
    try rewriting(v1)
    try looking()
    try returning()
    try merging()
    try checking()
    try calling()
    try peers()
  }

  /// Git must find nothing wrong after every case.
  private func check() throws {
    try program.run(["git", "-C", "dataset", "fsck", "--full", "--strict"])
    try program.shell("test -z \"$(git -C dataset status --porcelain)\"")
  }

  private mutating func add(
    _ name: String, _ measured: Measurement, bytes: Int? = nil, against: String? = nil,
    _ ratio: (name: String, value: Double, limit: Double)? = nil
  ) {
    rows.append(
      BenchmarkRow(name: name, measured: measured, bytes: bytes, against: against, ratio: ratio)
    )
  }

  // MARK: - Floors

  private mutating func floor(_ pieces: String) throws -> (measured: Measurement, bytes: Int) {
    let source = corpus.folder.appending(path: pieces).path
    let target = folder.appending(path: "zstd-\(pieces)")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    let measured = try median(3) {
      try program.shell("rm -f \(target.path)/*; sync")
      return try program.run([
        "zstd", "-q", "-3", "--single-thread", "-r", source, "--output-dir-flat", target.path,
      ])
    }
    let bytes = sizeInBytes(of: target)
    add("floor: zstd -3 of 1 MiB files", measured, bytes: bytes)
    return (measured, bytes)
  }

  // MARK: - Writing

  private func repositorySize() -> Int {
    sizeInBytes(of: dataset.appending(path: ".git"), except: [".git/stemma"])
  }

  private mutating func writing(
    _ zstd: (measured: Measurement, bytes: Int)
  ) throws -> (measured: Measurement, bytes: Int) {
    let before = repositorySize()
    let measured = try median(3) {
      try program.shell(
        "rm -rf dataset && mv dataset.empty dataset; cp -r dataset dataset.empty; sync")
      return try program.run([stemma, "import", "-C", "dataset", corpus.first.path])
    }
    try program.shell("rm -rf dataset.empty")
    try program.run(["git", "-C", "dataset", "tag", "v1"])
    let bytes = repositorySize() - before
    try check()
    add(
      "commit v1", measured, bytes: bytes, against: "zstd -3",
      ("CPU", measured.cpuSeconds / zstd.measured.cpuSeconds, 1.3))
    add(
      "commit v1", measured, bytes: bytes, against: "zstd -3",
      ("wall", measured.wallSeconds / zstd.measured.wallSeconds, 0.9))
    add(
      "commit v1", measured, bytes: bytes, against: "zstd -3",
      ("bytes", Double(bytes) / Double(zstd.bytes), 1.06))
    return (measured, bytes)
  }

  /// The same edit given as changed records alone, in a copy.
  private mutating func changing(_ v1: (measured: Measurement, bytes: Int)) throws {
    try program.shell("cp -r dataset keyed.before")
    try program.run([stemma, "import", "-C", "keyed.before", corpus.first.path, "--key", "seq"])
    let git = folder.appending(path: "keyed/.git")
    let before = sizeInBytes(
      of: folder.appending(path: "keyed.before/.git"), except: [".git/stemma"])
    let measured = try median(3) {
      try program.shell("rm -rf keyed && cp -r keyed.before keyed && sync")
      return try program.run([stemma, "import", "-C", "keyed", corpus.changed.path, "--changed"])
    }
    let bytes = sizeInBytes(of: git, except: [".git/stemma"]) - before
    try program.run(["git", "-C", "keyed", "fsck", "--full", "--strict"])
    add(
      "commit v2, changed records", measured, bytes: bytes, against: "commit v1",
      ("CPU", measured.cpuSeconds / v1.measured.cpuSeconds, 0.05))
    add(
      "commit v2, changed records", measured, bytes: bytes, against: "commit v1",
      ("bytes", Double(bytes) / Double(v1.bytes), 0.04))
    try program.shell("rm -rf keyed keyed.before")
  }

  private mutating func rewriting(_ v1: (measured: Measurement, bytes: Int)) throws {
    let before = repositorySize()
    try program.shell("mv dataset dataset.before")
    let measured = try median(3) {
      try program.shell("rm -rf dataset && cp -r dataset.before dataset && sync")
      return try program.run([stemma, "import", "-C", "dataset", corpus.second.path])
    }
    try program.shell("rm -rf dataset.before")
    try program.run(["git", "-C", "dataset", "tag", "v2"])
    let bytes = repositorySize() - before
    try check()
    add(
      "commit v2, full import", measured, bytes: bytes, against: "commit v1",
      ("CPU", measured.cpuSeconds / v1.measured.cpuSeconds, 0.2))
    add(
      "commit v2, full import", measured, bytes: bytes, against: "commit v1",
      ("bytes", Double(bytes) / Double(v1.bytes), 0.04))
  }

  // MARK: - Reading

  private mutating func looking() throws {
    let diff = try median(3) { try program.run([stemma, "diff", "-C", "dataset", "v1", "v2"]) }
    add("diff v1 v2", diff, against: "limit", ("wall s", diff.wallSeconds, 0.3))
    let floor = try median(3) {
      try program.shell("rm -f floor.jsonl; sync")
      return try program.shell("zstd -q -dc zstd-pieces1/* > floor.jsonl")
    }
    let restore = try median(3) {
      try program.shell("rm -f v1.jsonl floor.jsonl; sync")
      return try program.run([
        stemma, "export", "imports", "-C", "dataset", "--at", "v1", "-o", "v1.jsonl",
      ])
    }
    add(
      "restore v1", restore, against: "zstd -dc",
      ("wall", restore.wallSeconds / floor.wallSeconds, 1.5))
    try program.shell("LC_ALL=C sort v1.jsonl | cmp - \(corpus.folder.path)/v1.sorted")
    let list = folder.appending(path: "list")
    try program.run(
      [stemma, "list", "imports", "-C", "dataset", "--at", "v1", "--limit", "1", "--json"],
      output: list)
    let text = try String(contentsOf: list, encoding: .utf8)
    let id = text.matches(of: /"id":"([0-9a-f]{64})"/).first?.output.1 ?? ""
    let cat = try median(9) {
      try program.run([stemma, "cat", "-C", "dataset", "--at", "v1", "\(id.prefix(16))"])
    }
    add("one record by id prefix", cat, against: "limit", ("wall s", cat.wallSeconds, 0.025))
  }

  private mutating func returning() throws {
    let status = try median(9) { try program.run([stemma, "status", "-C", "dataset"]) }
    add("status, nothing to do", status, against: "limit", ("wall s", status.wallSeconds, 0.05))
    let rollback = try program.run([stemma, "rollback", "-C", "dataset", "v1"])
    add("rollback to v1", rollback, against: "limit", ("wall s", rollback.wallSeconds, 0.1))
    try check()
    let checkout = try program.run([stemma, "checkout", "-C", "dataset", "v2"])
    add("checkout of v2", checkout, against: "limit", ("wall s", checkout.wallSeconds, 0.1))
    try check()
  }

  /// Two branches from v1, with 1% each.
  private mutating func merging() throws {
    for (branch, file) in [("one", corpus.changed), ("two", corpus.otherChanged)] {
      try program.run([stemma, "checkout", "-C", "dataset", "-b", branch, "v1"])
      try program.shell("cat \(corpus.first.path) \(file.path) > both.jsonl")
      try program.run([stemma, "import", "-C", "dataset", "both.jsonl"])
    }
    let merge = try program.run([stemma, "merge", "-C", "dataset", "one"])
    add("merge of two branches with 1% each", merge)
    try check()
    try program.run([stemma, "checkout", "-C", "dataset", "main"])
  }

  /// Five calls a record, as in the datasets of the Simula paper.
  private mutating func calling() throws {
    let count = corpus.count * 5
    try program.run([stemma, "init", "calls", "--recipe", "blank"])
    let target = folder.appending(path: "calls").path
    let measured = try program.run([
      own, "--calls", String(count), target, corpus.first.path,
    ])
    add(
      "commit of \(count) calls, durable", measured,
      bytes: sizeInBytes(of: folder.appending(path: "calls/.git"), except: [".git/stemma"]),
      against: "limit", ("us CPU a call", measured.cpuSeconds / Double(count) * 1e6, 100))
    let status = try median(5) { try program.run([stemma, "status", "-C", "calls"]) }
    add("status beside these calls", status, against: "limit", ("wall s", status.wallSeconds, 0.05))
    try program.run(["git", "-C", "calls", "fsck", "--full", "--strict"])
    try FileManager.default.removeItem(atPath: target)
  }

  private mutating func checking() throws {
    let floor = try program.shell("zstd -q -dc zstd-pieces1/* | sha256sum")
    let verify = try program.run([stemma, "verify", "-C", "dataset", "--full"])
    add(
      "verify --full", verify, against: "zstd -dc | sha256sum",
      ("wall", verify.wallSeconds / floor.wallSeconds, 2))
    try FileManager.default.removeItem(at: dataset.appending(path: ".git/stemma/index"))
    let rebuild = try program.run([stemma, "diff", "-C", "dataset", "v1", "v2"])
    add("index from nothing", rebuild, against: "limit", ("wall s", rebuild.wallSeconds, 10))
    let fsck = try program.run(["git", "-C", "dataset", "fsck", "--full", "--strict"])
    add("git fsck --full", fsck)
    let clone = try program.run([stemma, "clone", "dataset", "clone"])
    add("clone", clone)
    let cloned = try program.run([stemma, "verify", "-C", "clone"])
    add("verify of the clone", cloned)
  }

  // MARK: - Peers

  private mutating func peers() throws {
    let lines = try program.shell(
      "git init -q json && cp \(corpus.firstPieces.path)/* json/"
        + " && git -C json add . && git -C json -c gc.auto=0 commit -q -m v1")
    add(
      "peer: git with JSONL, v1", lines,
      bytes: sizeInBytes(of: folder.appending(path: "json/.git")))
    let again = try program.shell(
      "cp \(corpus.secondPieces.path)/* json/ && git -C json add ."
        + " && git -C json -c gc.auto=0 commit -q -m v2")
    add(
      "peer: git with JSONL, v1 and v2", again,
      bytes: sizeInBytes(of: folder.appending(path: "json/.git")))
    let difference = try program.shell("git -C json diff --stat HEAD~1 HEAD > json.diff")
    add("peer: git with JSONL, diff", difference)
    let packed = try program.shell(
      "git init -q packed && cp zstd-pieces1/* packed/ && git -C packed add ."
        + " && git -C packed -c gc.auto=0 commit -q -m v1")
    add(
      "peer: git with zstd files, v1", packed,
      bytes: sizeInBytes(of: folder.appending(path: "packed/.git")))
    let repacked = try program.shell(
      "zstd -q -3 -f --single-thread -r \(corpus.secondPieces.path) --output-dir-flat packed"
        + " && git -C packed add . && git -C packed -c gc.auto=0 commit -q -m v2")
    add(
      "peer: git with zstd files, v1 and v2", repacked,
      bytes: sizeInBytes(of: folder.appending(path: "packed/.git")))
  }
}
