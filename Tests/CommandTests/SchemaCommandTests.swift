import CanonicalJSON
import Foundation
import TestSupport
import Testing

@Suite("stemma schema")
struct SchemaCommandTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Schemas/v1")

  @Test("all schemas are listed, and each is printed as its file has it")
  func printing() async throws {
    try await withTemporaryDirectory { directory in
      let stemma = StemmaProgram(in: directory)
      let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
      let names = files.map { $0.replacing(".v1.schema.json", with: "") }.sorted()
      let listed = try await stemma("schema", "--json").objects
      #expect(listed.compactMap { $0["name"]?.string }.sorted() == names)
      let lines = try await stemma("schema").lines
      #expect(lines.count == names.count)
      for name in names {
        let file = Self.folder.appending(path: "\(name).v1.schema.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(try await stemma("schema", name).text == text)
        #expect(lines.contains { $0.hasPrefix(name + " ") && $0.count > name.count + 10 })
      }
      let one = try #require(try await stemma("schema", "samples", "--json").objects.first)
      #expect(one["schema"]?["$id"] == one["id"] && one["id"] != nil)
    }
  }

  @Test("a name that is nearly right is answered with the one that was meant")
  func unknown() async throws {
    try await withTemporaryDirectory { directory in
      let stemma = StemmaProgram(in: directory)
      let near = try await stemma.run(["schema", "sample"])
      #expect(near.exitCode == 64 && near.errorText.contains("did you mean 'samples'?"))
      let far = try await stemma.run(["schema", "elephants"])
      #expect(far.exitCode == 64 && far.errorText.contains("known: recipe, "))
    }
  }
}
