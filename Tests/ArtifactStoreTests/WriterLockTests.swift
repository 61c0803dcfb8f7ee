import ArtifactStore
import Foundation
import TestSupport
import Testing

@Suite("WriterLock")
struct WriterLockTests {
  @Test("a second holder is refused, and told who holds it")
  func second() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "lock")
      let lock = try WriterLock(at: file, purpose: "stemma run")
      let error = try #require(throws: StoreError.self) {
        try WriterLock(at: file, purpose: "stemma rollback")
      }
      #expect(error.code == .locked)
      let process = ProcessInfo.processInfo.processIdentifier
      #expect(error.message.contains("process \(process), stemma run"))
      #expect(error.hint != nil)
      withExtendedLifetime(lock) {}
    }
  }

  @Test("another process sees the lock, until it is released")
  func otherProcess() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "lock")
      let path = file.path(percentEncoded: false)
      func hold() throws {
        let lock = try WriterLock(at: file, purpose: "test")
        #expect(try runProgram("flock", "-n", path, "true").status == 1)
        withExtendedLifetime(lock) {}
      }
      try hold()
      #expect(try runProgram("flock", "-n", path, "true").status == 0)
      #expect(try Data(contentsOf: file).isEmpty)
      _ = try WriterLock(at: file, purpose: "again")
    }
  }

  @Test("a name left by a holder that was killed does no harm")
  func leftover() throws {
    try withTemporaryDirectory { directory in
      let file = directory.appending(path: "lock")
      try Data("process 99999999, a long purpose of a program that is gone\n".utf8).write(to: file)
      let lock = try WriterLock(at: file, purpose: "x")
      let text = try String(contentsOf: file, encoding: .utf8)
      #expect(text == "process \(ProcessInfo.processInfo.processIdentifier), x\n")
      withExtendedLifetime(lock) {}
    }
  }

  @Test("a folder that is not there is an error of the file system")
  func missingFolder() throws {
    try withTemporaryDirectory { directory in
      let error = try #require(throws: StoreError.self) {
        try WriterLock(at: directory.appending(path: "no/lock"), purpose: "x")
      }
      #expect(error.code == .io)
    }
  }
}
