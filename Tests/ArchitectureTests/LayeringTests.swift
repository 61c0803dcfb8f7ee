import Foundation
import Testing

@Suite("Layering")
struct LayeringTests {
  /// Where the modules are that do not lie in `Sources`.
  static let folders = ["Schemas": "Schemas", "Hooks": "Hooks"]
  /// What comes with Swift and reads or writes nothing of its own accord.
  static let everywhere: Set = [
    "Foundation", "Synchronization", "Dispatch", "Glibc", "Musl", "Darwin",
  ]

  /// What each module may import, lowest first; each arrow points up this list.
  static let allowed: [String: Set<String>] = [
    "CanonicalJSON": ["CPlainText"],
    "JSONSchema": ["CSchemaValidator", "CanonicalJSON"],
    "Git": ["CGit2", "CZlib", "Crypto"],
    "ArtifactStore": ["BitCollections", "CZlib", "CZstd", "CanonicalJSON", "Crypto", "Git"],
    "Dataset": ["ArtifactStore", "CanonicalJSON", "Git", "JSONSchema", "Yams"],
    "Starters": [],
    "Prompts": [],
    "Schemas": [],
    "Hooks": [],
    "Teachers": [
      "ArtifactStore", "AsyncHTTPClient", "CanonicalJSON", "Dataset", "DequeModule", "Logging",
      "NIOCore", "NIOHTTP1", "NIOPosix",
    ],
    "Pipeline": ["ArtifactStore", "CanonicalJSON", "Dataset"],
    "Simula": [
      "ArtifactStore", "CanonicalJSON", "Dataset", "Git", "JSONSchema", "Mustache", "Pipeline",
      "Prompts", "Teachers",
    ],
    "Commands": [
      "ArgumentParser", "ArtifactStore", "CMalloc", "CanonicalJSON", "Dataset", "Git", "Hooks",
      "Logging", "Pipeline", "Prompts", "Schemas", "Simula", "Starters", "Teachers",
    ],
    "stemma": ["Commands"],
  ]

  /// What wraps a library of others, and the modules that may know that library.
  static let wrapped: [String: Set<String>] = [
    "CGit2": ["Git"], "CZlib": ["ArtifactStore", "Git"], "CZstd": ["ArtifactStore"],
    "CMalloc": ["Commands"], "BitCollections": ["ArtifactStore"], "DequeModule": ["Teachers"],
    "CSchemaValidator": ["JSONSchema"], "CNoCertificates": [], "AsyncHTTPClient": ["Teachers"],
    "CPlainText": ["CanonicalJSON"],
    "NIOCore": ["Teachers"], "NIOHTTP1": ["Teachers"], "NIOPosix": ["Teachers"],
    "ArgumentParser": ["Commands"], "Yams": ["Dataset"], "Mustache": ["Simula"],
  ]

  private static func imports(of module: String) throws -> [(file: String, name: String)] {
    let pattern =
      /(?m)^\s*(?:@\w+(?:\([^)]*\))? +)*(?:public |package |internal |fileprivate |private )?import (?:(?:struct|class|enum|protocol|func|var|let|typealias) )?(\w+)/
    return try SourceTree.swiftFiles(in: folders[module] ?? "Sources/\(module)").flatMap { file in
      try SourceTree.text(file).matches(of: pattern).map { (file, String($0.1)) }
    }
  }

  @Test("a module imports only what lies below it", arguments: allowed.keys.sorted())
  func importsOnlyLowerLayers(module: String) throws {
    let allowed = try #require(Self.allowed[module]).union(Self.everywhere)
    let files = try SourceTree.swiftFiles(in: Self.folders[module] ?? "Sources/\(module)")
    #expect(!files.isEmpty)
    for (file, name) in try Self.imports(of: module) {
      #expect(allowed.contains(name), "\(file) imports \(name)")
    }
  }

  @Test(
    "the table says the same as the rules on wrapped libraries", arguments: wrapped.keys.sorted())
  func wrappedLibraries(library: String) throws {
    let importers = Self.allowed.filter { $0.value.contains(library) }.map(\.key)
    #expect(Set(importers) == Self.wrapped[library])
    // A rule that nobody needs is a rule too many.
    let users = try importers.filter { try Self.imports(of: $0).contains { $0.name == library } }
    #expect(Set(users) == Set(importers))
  }

  @Test("no module is above itself")
  func acyclic() {
    func below(_ module: String, _ path: [String]) {
      #expect(!path.contains(module), "\(path.joined(separator: " -> ")) -> \(module)")
      guard !path.contains(module) else { return }
      for next in Self.allowed[module] ?? [] { below(next, path + [module]) }
    }
    below("stemma", [])
  }

  @Test("every module of the package is in the table")
  func complete() throws {
    let modules = try SourceTree.names(in: "Sources").filter { !$0.hasPrefix(".") }
    let libraries = Self.wrapped.keys.filter { $0.hasPrefix("C") }
    let known = Set(Self.allowed.keys).subtracting(Self.folders.keys).union(libraries)
    #expect(Set(modules).subtracting(known).isEmpty)
    #expect(Set(Self.allowed.keys).subtracting(Self.folders.keys).subtracting(modules).isEmpty)
  }

  @Test(
    "a wrapper of a system library holds no Swift",
    arguments: ["CGit2", "CMalloc", "CZlib", "CZstd"])
  func wrappers(module: String) throws {
    #expect(try SourceTree.swiftFiles(in: "Sources/\(module)").isEmpty)
  }
}
