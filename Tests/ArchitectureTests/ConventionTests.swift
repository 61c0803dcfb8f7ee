import Foundation
import Testing

@Suite("Conventions")
struct ConventionTests {
  static let libraries = LayeringTests.allowed.keys.filter { $0 != "Commands" }.sorted()

  private func expectNone(of pattern: Regex<Substring>, in files: [String]) throws {
    for file in files {
      for line in try SourceTree.code(file) {
        #expect(try pattern.firstMatch(in: line.text) == nil, "\(file):\(line.number)")
      }
    }
  }

  private func files(_ module: String) throws -> [String] {
    try SourceTree.swiftFiles(in: LayeringTests.folders[module] ?? "Sources/\(module)")
  }

  @Test("only commands print", arguments: libraries)
  func printing(module: String) throws {
    try expectNone(
      of: /\b(?:debugPrint|print|dump|puts|fputs)\(|FileHandle\.standard|\bstd(?:out|err)\b/,
      in: files(module))
  }

  @Test(
    "only commands read the environment or the arguments, and end the process", arguments: libraries
  )
  func environment(module: String) throws {
    try expectNone(
      of:
        /\b(?:getenv|setenv|exit|_exit|abort)\(|processInfo\.environment\b|CommandLine\.arguments/,
      in: files(module))
  }

  @Test("nothing is left for later")
  func leftovers() throws {
    for folder in ["Sources", "Schemas", "Hooks"] {
      for file in try SourceTree.swiftFiles(in: folder) {
        let text = try SourceTree.text(file)
        #expect(text.firstMatch(of: /\b(?:TODO|FIXME|XXX|HACK)\b/) == nil, "\(file)")
      }
    }
  }

  @Test("files are short enough to read whole")
  func fileLength() throws {
    for folder in ["Sources", "Schemas", "Hooks"] {
      for file in try SourceTree.swiftFiles(in: folder) {
        let count = try SourceTree.text(file).count { $0 == "\n" }
        #expect(count <= 500, "\(file) has \(count) lines")
      }
    }
  }

  @Test("files are named after what they hold, not for what they help")
  func fileNames() throws {
    for file in try SourceTree.swiftFiles(in: "Sources") {
      let name = URL(filePath: file).deletingPathExtension().lastPathComponent
      #expect(!["Utils", "Util", "Helpers", "Helper", "Misc", "Common"].contains(name), "\(file)")
    }
  }

  private static let isRepository = FileManager.default.fileExists(
    atPath: SourceTree.root.appending(path: ".git").path(percentEncoded: false))

  @Test(
    "the top level holds the six names and files that start with a dot", .enabled(if: isRepository))
  func topLevel() throws {
    let ignored = try SourceTree.text(".gitignore").split(separator: "\n").map {
      $0.hasSuffix("/") ? $0.dropLast() : $0
    }
    let names = try SourceTree.names(in: "").filter {
      !$0.hasPrefix(".") && !ignored.contains($0[...])
    }
    #expect(
      Set(names) == ["Hooks", "Package.swift", "README.md", "Schemas", "Sources", "Tests"])
  }
}
