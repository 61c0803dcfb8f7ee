import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Dataset
import Git

struct Cat: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "cat",
    abstract: "Print a record or an artifact by its id or the beginning of it",
    discussion: """
      A record is printed as its line of canonical JSON, an artifact as its bytes.

      EXAMPLES
        stemma cat 3f9a1c2e
        stemma cat 3f9a1c2e | jq .
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: "At least 4 hexadecimal digits of an id.")
  var id: String

  @Option(name: .long, help: ArgumentHelp("The version to look in.", valueName: "rev"))
  var at = "HEAD"

  func run() async throws {
    let version = try dataset.store().version(at)
    do throws(StoreError) {
      let record = try RecordLookup(version).record(id)
      if form.isJSON {
        Output.json(
          "record",
          [
            ("id", .string(record.id.hex)), ("kind", .string(record.kind.rawValue)),
            ("value", try record.value()),
          ])
      } else {
        Output.data(record.line + [0x0A])
      }
    } catch  where error.code == .notFound {
      guard let bytes = try artifact(in: version) else { throw error }
      Output.data(bytes)
    }
  }

  private func artifact(in version: Version) throws -> [UInt8]? {
    let files = try version.store.repository.files(inTree: version.tree).filter {
      ArtifactPath($0.path)?.digest.hex.hasPrefix(id.lowercased()) == true
    }
    guard files.count == 1 else { return nil }
    return try version.store.reader.artifact(files[0].entry.id)
  }
}
