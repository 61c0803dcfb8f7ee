import ArgumentParser
import ArtifactStore
import CanonicalJSON
import Foundation
import Git

struct Import: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "import",
    abstract: "Take the lines of a file as records, and commit them as a version",
    discussion: """
      Each line is one record and is kept byte for byte; it need not be JSON. The imported records of \
      the new version are the lines of the file and no others, so that importing a changed file again \
      writes only what changed. Equal lines are one record.

      With --key, each line must be a JSON object (what stands behind the key is not read), and a record that has the same key as an earlier one is \
      that record changed: 'diff' pairs them, and --changed takes a file of changed and new records \
      alone. The key is remembered until --no-key.

      EXAMPLES
        stemma import train.jsonl
        stemma import train.jsonl --key id
        stemma import edited.jsonl --changed
        zstd -dc train.jsonl.zst | stemma import -
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions

  @Argument(help: ArgumentHelp("The file; - reads standard input.", valueName: "file"))
  var path: String

  @Option(help: ArgumentHelp("The member that tells records apart.", valueName: "field"))
  var key: String?

  @Flag(name: .customLong("no-key"), help: "Forget the key: lines may be anything again.")
  var forgetsKey = false

  @Flag(help: "Let a file without lines remove all imported records.")
  var allowEmpty = false

  @Flag(help: "Keep all records that are there, but for those whose key a line has.")
  var changed = false

  func validate() throws {
    if key?.isEmpty == true { throw ValidationError("'--key' needs the name of a member") }
    if forgetsKey, key != nil || changed {
      throw ValidationError("'--no-key' goes with neither '--key' nor '--changed'")
    }
  }

  func run() async throws {
    let store = try dataset.store()
    let input = try InputFile(path)
    let progress = ByteProgress(total: input.sizeInBytes)
    let report = try LineImport(store) { progress.update($0) }
      .run(
        input.descriptor, name: input.name, mode: changed ? .change : .replace,
        key: forgetsKey ? .none : key.map { .field(RecordKey(field: $0)) } ?? .asBefore,
        allowsEmpty: allowEmpty)
    progress.end()
    Housekeeping(store).tidy()
    if form.isJSON {
      Output.json(
        "import",
        [
          ("records", JSON(report.counts.kept)), ("repeated", JSON(report.counts.repeated)),
          ("blank", JSON(report.counts.blank)), ("bytes", JSON(report.sizeInBytes)),
          ("added", JSON(report.difference.added)),
          ("returned", JSON(report.difference.revived)),
          ("removed", JSON(report.difference.removed)),
          ("dataset-digest", .string(report.datasetDigest.hex)),
          ("version", report.version.map { .string($0.hex) } ?? .null),
        ])
    } else {
      printText(report)
    }
  }

  private func printText(_ report: LineImport.Report) {
    var leftOut: [String] = []
    if report.counts.repeated > 0 {
      leftOut.append(Plural.text(report.counts.repeated, "repeated line"))
    }
    if report.counts.blank > 0 { leftOut.append(Plural.text(report.counts.blank, "blank line")) }
    Output.line(
      Plural.text(report.counts.kept, "record")
        + (leftOut.isEmpty ? "" : ", \(leftOut.joined(separator: " and ")) left out"))
    guard let version = report.version else {
      Output.line("The version that is there holds the same.")
      return
    }
    let difference = report.difference
    Output.line(
      "\(difference.added) added, \(difference.revived) returned, \(difference.removed) removed")
    Output.line("Version: \(version)")
  }
}

/// A file named on the command line, open for reading.
struct InputFile: ~Copyable {
  let descriptor: Int32
  let name: String
  /// Nil for what is no plain file.
  let sizeInBytes: Int?

  init(_ path: String) throws {
    if path == "-" {
      descriptor = dup(STDIN_FILENO)
      name = "standard input"
    } else {
      descriptor = open(path, O_RDONLY | O_CLOEXEC)
      name = "'\((path as NSString).lastPathComponent)'"
    }
    guard descriptor >= 0 else {
      throw CommandError(
        "cannot read '\(path)': \(String(cString: strerror(errno)))",
        hint: "name a file of lines, or - for standard input")
    }
    var status = stat()
    let isPlain = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    guard fstat(descriptor, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR else {
      close(descriptor)
      throw CommandError("'\(path)' is a folder", hint: "name a file of lines")
    }
    sizeInBytes = isPlain ? Int(status.st_size) : nil
  }

  deinit { close(descriptor) }
}
