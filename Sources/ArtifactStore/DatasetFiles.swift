package import Foundation

/// Reads and writes plain files of a working tree, and never follows a link out of it.
///
/// A repository may come from a stranger: a link in it must neither pull a file of this machine
/// into a prompt nor send a written file elsewhere.
package struct DatasetFiles: Sendable {
  private let root: URL

  package init(root: URL) { self.root = root }

  /// A file's bytes, or nil where there is none.
  ///
  /// - Throws: ``StoreError`` with code `refused` when a link is on the way.
  package func read(_ path: String) throws(StoreError) -> [UInt8]? {
    let file = try location(path)
    guard FileManager.default.fileExists(atPath: file.path(percentEncoded: false)) else {
      return nil
    }
    do {
      return Array(try Data(contentsOf: file))
    } catch {
      throw StoreError(.io, "cannot read '\(path)'", hint: "check that it is a readable file")
    }
  }

  /// Writes a file whole or not at all, unless it holds the bytes already; nil removes it.
  package func write(
    _ path: String, _ bytes: [UInt8]?, isExecutable: Bool = false
  ) throws(StoreError) {
    let file = try location(path)
    guard try read(path) != bytes || isExecutable else { return }
    do {
      guard let bytes else { return try FileManager.default.removeItem(at: file) }
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: file, options: .atomic)
      if isExecutable {
        try FileManager.default.setAttributes(
          [.posixPermissions: 0o755], ofItemAtPath: file.path(percentEncoded: false))
      }
    } catch {
      throw StoreError(
        .io, "cannot write '\(path)'",
        hint: "check the space and the permissions; 'git checkout -- \(path)' writes it again")
    }
  }

  /// The place of a path whose every component is a plain name and no link.
  private func location(_ path: String) throws(StoreError) -> URL {
    var place = root
    for part in path.split(separator: "/", omittingEmptySubsequences: false) {
      guard !part.isEmpty, part != ".", part != "..", !part.contains("\0") else {
        throw StoreError(.refused, "'\(path)' is no path inside the dataset")
      }
      place.append(path: String(part))
      var status = stat()
      let isLink =
        lstat(place.path(percentEncoded: false), &status) == 0
        && status.st_mode & S_IFMT == S_IFLNK
      guard !isLink else {
        throw StoreError(
          .refused, "'\(path)' leads over a link, which could leave the dataset",
          hint: "put the file itself in its place")
      }
    }
    return place
  }
}
