package import Foundation

/// Lends a new empty directory to a closure, and removes it afterwards.
package func withTemporaryDirectory<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let directory = try makeTemporaryDirectory()
  defer { removeTemporaryDirectory(directory) }
  return try body(directory)
}

/// Lends a new empty directory to an asynchronous closure, and removes it afterwards.
package func withTemporaryDirectory<Result>(
  _ body: (URL) async throws -> Result
) async throws -> Result {
  let directory = try makeTemporaryDirectory()
  defer { removeTemporaryDirectory(directory) }
  return try await body(directory)
}

private func makeTemporaryDirectory() throws -> URL {
  // Links are resolved, since git prints real paths.
  let parent = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
  let directory = parent.appending(path: "stemma-test-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  return directory
}

private func removeTemporaryDirectory(_ directory: URL) {
  try? FileManager.default.removeItem(at: directory)
}
