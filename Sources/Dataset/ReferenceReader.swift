/// Reads the files of the dataset that a recipe refers to.
struct ReferenceReader {
  static let maximumSize = 1 << 20

  let read: (String) throws -> String?
  let log: ProblemLog

  /// The text at a path, or nil when it cannot be had, which is noted.
  func text(
    at path: String, from place: TextPlace, atMost maximumSize: Int = ReferenceReader.maximumSize
  ) -> String? {
    guard ReferenceReader.isInside(path) else {
      log.add(
        place, "the path \(Quote.of(path)) does not lead into the dataset",
        hint: "copy the file into the dataset, and write its path relative to recipe.yaml")
      return nil
    }
    do {
      guard let text = try read(path) else {
        log.add(place, "there is no file \(Quote.of(path))", hint: "paths start at the dataset")
        return nil
      }
      guard text.utf8.count <= maximumSize else {
        log.add(place, "the file \(Quote.of(path)) has more than \(maximumSize >> 10) KiB")
        return nil
      }
      return text
    } catch {
      log.add(place, "cannot read \(Quote.of(path)): \(Quote.plain("\(error)", longest: 200))")
      return nil
    }
  }

  /// Whether a path is relative and stays in the dataset, outside of git's own folder.
  private static func isInside(_ path: String) -> Bool {
    let steps = path.split(separator: "/", omittingEmptySubsequences: false)
    return !path.contains("\\") && !path.contains { $0.isNewline || $0 == "\0" }
      && steps.allSatisfy { !["", ".", "..", ".git"].contains($0.lowercased()) }
  }
}
