import Foundation
import TestSupport
import Testing

@testable import ArtifactStore

@Suite("CallJournal")
struct CallJournalTests {
  private static let payloads = ["", "first", "a second one", "\0\u{FF}binary"].map {
    Array($0.utf8)
  }

  private static func fileBytes(_ payloads: [[UInt8]]) -> [UInt8] {
    payloads.reduce(into: CallJournal.magic) { CallJournal.appendFrame($1, to: &$0) }
  }

  private static func read(_ bytes: [UInt8], in directory: URL) throws -> [[UInt8]] {
    let file = directory.appending(path: "1.journal")
    try Data(bytes).write(to: file)
    return try CallJournal.payloads(of: file)
  }

  @Test("what was appended is read back, also by another process's eyes")
  func roundTrip() async throws {
    try await withTemporaryDirectory { directory in
      let journal = try CallJournal(in: directory)
      for payload in Self.payloads { try await journal.append(payload) }
      // On disk before append returns, not only at the end.
      let file = try #require(try CallJournal.files(in: directory).first)
      #expect(try CallJournal.payloads(of: file.url) == Self.payloads)
      #expect(Array(try Data(contentsOf: file.url)) == Self.fileBytes(Self.payloads))
      journal.close()
      #expect(try CallJournal.payloads(of: file.url) == Self.payloads)
    }
  }

  @Test("the layout of a frame is the known one")
  func layout() {
    // The checksum is Python's zlib.crc32(b"first").
    #expect(
      Self.fileBytes([Array("first".utf8)])
        == Array("STEMMAJ1".utf8) + [0, 0, 0, 5, 0x92, 0x71, 0xEE, 0x57] + Array("first".utf8))
  }

  @Test("appends of many tasks all arrive once")
  func groupCommit() async throws {
    try await withTemporaryDirectory { directory in
      let journal = try CallJournal(in: directory)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<200 {
          group.addTask { try await journal.append(Array("payload \(number)".utf8)) }
        }
        try await group.waitForAll()
      }
      let size = journal.sizeInBytes
      journal.close()
      let file = try #require(try CallJournal.files(in: directory).first)
      let read = try CallJournal.payloads(of: file.url).map { String(decoding: $0, as: UTF8.self) }
      #expect(read.sorted() == (0..<200).map { "payload \($0)" }.sorted())
      #expect(try Data(contentsOf: file.url).count == size + CallJournal.magic.count)
    }
  }

  @Test("a torn tail is left out, wherever it was torn")
  func tornTail() throws {
    try withTemporaryDirectory { directory in
      let whole = Self.fileBytes(Self.payloads)
      let ends = (0...Self.payloads.count).map {
        Self.fileBytes(Array(Self.payloads.prefix($0))).count
      }
      for count in 0...whole.count {
        let complete = max(0, ends.filter { $0 <= count }.count - 1)
        let read = try Self.read(Array(whole.prefix(count)), in: directory)
        #expect(read == Array(Self.payloads.prefix(complete)), "cut at \(count)")
      }
    }
  }

  @Test("a flipped bit ends the file before its frame")
  func flips() throws {
    try withTemporaryDirectory { directory in
      let whole = Self.fileBytes(Self.payloads)
      for place in whole.indices {
        var bytes = whole
        bytes[place] ^= 1 << (place % 8)
        let read = try Self.read(bytes, in: directory)
        #expect(read.count < Self.payloads.count, "flipped at \(place)")
        #expect(read == Array(Self.payloads.prefix(read.count)))
      }
    }
  }

  @Test("garbage and frames of hostile sizes are no payloads")
  func garbage() throws {
    try withTemporaryDirectory { directory in
      #expect(try Self.read(Array("something else".utf8), in: directory).isEmpty)
      for size: [UInt8] in [[0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [2, 0, 0, 0]] {
        let bytes = CallJournal.magic + size + [0, 0, 0, 0, 1, 2, 3]
        #expect(try Self.read(bytes, in: directory).isEmpty)
      }
      // A tail of zeros, as some file systems leave after a crash, is at most empty payloads.
      let zeros = Self.fileBytes([Array("first".utf8)]) + [UInt8](repeating: 0, count: 64)
      let read = try Self.read(zeros, in: directory)
      #expect(read.first == Array("first".utf8))
      #expect(read.dropFirst().allSatisfy { $0.isEmpty })
    }
  }

  @Test("rotation starts a new file and names those before it, oldest first")
  func rotation() async throws {
    try await withTemporaryDirectory { directory in
      let journal = try CallJournal(in: directory)
      try await journal.append([1])
      #expect(journal.sizeInBytes == 9)
      let first = try await journal.rotate()
      #expect(first.map(\.lastPathComponent) == ["1.journal"])
      #expect(journal.sizeInBytes == 0)
      try await journal.append([2])
      let second = try await journal.rotate()
      #expect(second.map(\.lastPathComponent) == ["1.journal", "2.journal"])
      #expect(try second.map { try CallJournal.payloads(of: $0) } == [[[1]], [[2]]])
      journal.close()
      // The empty one goes, the others are the caller's.
      #expect(try CallJournal.files(in: directory).map(\.number) == [1, 2])
    }
  }

  @Test("a new journal goes behind the files that are there, by number")
  func numbering() async throws {
    try await withTemporaryDirectory { directory in
      for name in ["2.journal", "10.journal", "x.journal", "3.other"] {
        try Data(Self.fileBytes([Array(name.utf8)])).write(to: directory.appending(path: name))
      }
      let journal = try CallJournal(in: directory)
      try await journal.append([1])
      #expect(try CallJournal.files(in: directory).map(\.number) == [2, 10, 11])
      journal.close()
    }
  }

  @Test("a closed journal refuses, and closing again does nothing")
  func closed() async throws {
    try await withTemporaryDirectory { directory in
      let journal = try CallJournal(in: directory)
      journal.close()
      journal.close()
      let error = await #expect(throws: StoreError.self) { try await journal.append([1]) }
      #expect(error?.code == .refused)
      let rotation = await #expect(throws: StoreError.self) { try await journal.rotate() }
      #expect(rotation?.code == .refused)
      #expect(try CallJournal.files(in: directory).isEmpty)
    }
  }

  @Test("a folder that vanished fails the rotation, not what is on disk")
  func vanishedFolder() async throws {
    try await withTemporaryDirectory { directory in
      let folder = directory.appending(path: "journal")
      let journal = try CallJournal(in: folder)
      try await journal.append([1])
      try FileManager.default.removeItem(at: folder)
      let error = await #expect(throws: StoreError.self) { try await journal.rotate() }
      #expect(error?.code == .io)
      journal.close()
    }
  }

  @Test("where no folder can be, there is no journal")
  func noFolder() throws {
    try withTemporaryDirectory { directory in
      try Data().write(to: directory.appending(path: "file"))
      let error = #expect(throws: StoreError.self) {
        try CallJournal(in: directory.appending(path: "file/journal"))
      }
      #expect(error?.code == .io)
    }
  }

  @Test("after a write failed nothing is accepted, and what was acknowledged is whole")
  func fullDisk() async {
    // A limit on the size of files stands for a full disk; it is that of the whole process.
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      try await withTemporaryDirectory { directory in
        let journal = try CallJournal(in: directory)
        var limit = rlimit(rlim_cur: 1000, rlim_max: 1000)
        #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
        var acknowledged: [[UInt8]] = []
        var failure: StoreError?
        for number in 0..<100 where failure == nil {
          let payload = [UInt8](repeating: UInt8(number), count: 90)
          do {
            try await journal.append(payload)
            acknowledged.append(payload)
          } catch {
            failure = error as? StoreError
          }
        }
        #expect(failure?.code == .io)
        #expect(failure?.hint?.contains("free some space") == true)
        #expect(acknowledged.count == 10)
        // A small one would fit, but its place in the file is no longer certain.
        let next = await #expect(throws: StoreError.self) { try await journal.append([1]) }
        #expect(next?.code == .io)
        journal.close()
        let file = try #require(try CallJournal.files(in: directory).first)
        #expect(try CallJournal.payloads(of: file.url) == acknowledged)
      }
    }
  }
}
