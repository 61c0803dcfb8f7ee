import ArtifactStore
import Foundation
import Git

/// What of a repository's objects is in use.
struct GarbageReport {
  /// Objects in the units of people.
  struct Share {
    var versions = 0
    var files = 0
    var sizeInBytes = 0
  }

  /// Named by a branch, a tag, a remote's branch or the recorded calls.
  private(set) var used = Share()
  /// Only remembered by git's reflogs, for 'undo'.
  private(set) var remembered = Share()
  /// Named by nothing.
  private(set) var unused = Share()

  /// Asks git, which reads no content for this.
  init(_ git: GitCommand) throws {
    let names = ["--objects", "--no-object-names", "--all"]
    let named = Set(try git.lines(["rev-list"] + names))
    let known = Set(try git.lines(["rev-list"] + names + ["--reflog", "--indexed-objects"]))
    let all = try git.lines([
      "cat-file", "--batch-all-objects", "--unordered",
      "--batch-check=%(objectname) %(objecttype) %(objectsize:disk)",
    ])
    for line in all {
      let parts = line.split(separator: " ")
      guard parts.count == 3, let size = Int(parts[2]) else { continue }
      let id = String(parts[0])
      if named.contains(id) {
        used.add(parts[1], size)
      } else if known.contains(id) {
        remembered.add(parts[1], size)
      } else {
        unused.add(parts[1], size)
      }
    }
  }
}

extension GarbageReport.Share {
  fileprivate mutating func add(_ type: Substring, _ size: Int) {
    if type == "commit" { versions += 1 }
    if type == "blob" { files += 1 }
    sizeInBytes += size
  }

  var text: String {
    "\(Plural.text(versions, "version")) with \(Plural.text(files, "file")), "
      + ByteSize.text(sizeInBytes)
  }
}
