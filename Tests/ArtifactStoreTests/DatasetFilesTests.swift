import ArtifactStore
import Foundation
import TestSupport
import Testing

@Suite("DatasetFiles")
struct DatasetFilesTests {
  private func code(_ body: () throws -> Void) -> StoreError.Code? {
    #expect(throws: StoreError.self, performing: body)?.code
  }

  @Test("files are written, read, replaced and removed")
  func life() throws {
    try withTemporaryDirectory { root in
      let files = DatasetFiles(root: root)
      #expect(try files.read("a/b.txt") == nil)
      try files.write("a/b.txt", [1, 2])
      #expect(try files.read("a/b.txt") == [1, 2])
      try files.write("a/b.txt", [])
      #expect(try files.read("a/b.txt") == [])
      try files.write("a/b.txt", nil)
      #expect(try files.read("a/b.txt") == nil)
      try files.write("a/b.txt", nil)
    }
  }

  @Test("a file that holds the bytes already is left alone")
  func unchanged() throws {
    try withTemporaryDirectory { root in
      let files = DatasetFiles(root: root)
      try files.write("a.txt", [1])
      let path = root.appending(path: "a.txt").path(percentEncoded: false)
      func inode() throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int
      }
      let before = try inode()
      try files.write("a.txt", [1])
      #expect(try inode() == before)
    }
  }

  @Test(
    "paths that could leave the dataset are refused",
    arguments: ["", "/etc/passwd", "..", "../x", "a/../x", "./x", "a//b", "a/", "a\0b"])
  func paths(path: String) throws {
    try withTemporaryDirectory { root in
      let files = DatasetFiles(root: root)
      #expect(code { _ = try files.read(path) } == .refused)
      #expect(code { try files.write(path, [1]) } == .refused)
      #expect(code { try files.write(path, nil) } == .refused)
    }
  }

  @Test("links are never followed, whatever they lead to")
  func links() throws {
    try withTemporaryDirectory { directory in
      let manager = FileManager.default
      let root = directory.appending(path: "data")
      let outside = directory.appending(path: "outside")
      for folder in [root, outside] {
        try manager.createDirectory(at: folder, withIntermediateDirectories: true)
      }
      let secret = outside.appending(path: "secret")
      try Data("secret".utf8).write(to: secret)
      try Data("inside".utf8).write(to: root.appending(path: "inside"))
      for (name, target) in [
        ("file", "../outside/secret"), ("folder", "../outside"), ("inner", "inside"),
        ("dangling", "../outside/new"), ("loop", "loop"),
      ] {
        try manager.createSymbolicLink(
          atPath: root.appending(path: name).path(percentEncoded: false),
          withDestinationPath: target)
      }
      let files = DatasetFiles(root: root)
      for path in ["file", "folder/secret", "folder/new", "inner", "dangling", "loop"] {
        #expect(code { _ = try files.read(path) } == .refused, "\(path)")
        #expect(code { try files.write(path, [1]) } == .refused, "\(path)")
        #expect(code { try files.write(path, nil) } == .refused, "\(path)")
      }
      #expect(try String(contentsOf: secret, encoding: .utf8) == "secret")
      #expect(
        try manager.contentsOfDirectory(atPath: outside.path(percentEncoded: false)).count == 1)
    }
  }

  @Test("a folder in the place of a file is an error of the file system")
  func folder() throws {
    try withTemporaryDirectory { root in
      let files = DatasetFiles(root: root)
      try files.write("a/b", [1])
      #expect(code { _ = try files.read("a") } == .io)
      #expect(code { try files.write("a", [1]) } == .io)
      #expect(code { try files.write("a/b/c", [1]) } == .io)
      #expect(try files.read("a/b") == [1])
    }
  }
}
