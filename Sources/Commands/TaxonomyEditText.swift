import ArgumentParser
import ArtifactStore
import Dataset
import Foundation
import Git

struct TaxonomyEditText: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "text",
    abstract: "Open a factor's text in $VISUAL or $EDITOR (what 'edit' alone does)",
    discussion: """
      The text is checked when the editor ends. With a fault, or when the effect is not wanted, the \
      dataset stays as it was and your text is kept as a draft: the same command opens it again, and \
      --discard drops it.

      EXAMPLES
        stemma taxonomy edit Setting
        EDITOR='code --wait' stemma taxonomy edit text Setting
      """)

  @OptionGroup var edit: EditOptions

  @Argument(help: ArgumentHelp("The factor, or a node of it.", valueName: "factor"))
  var factor: String?

  @Flag(help: "Drop the draft of an earlier edit and begin with the text as it is.")
  var discard = false

  func run() async throws {
    let folder = try SourceFolder(edit.dataset.store())
    let before = try folder.requireSources()
    let found = try factor(in: before)
    guard let path = try Sources.path(of: found, readFile: { try folder.read($0) }),
      let present = try folder.read(path)
    else { throw SourceFolder.noSources }
    let draft = TaxonomyDraft(folder.store, factor: found)
    if discard { try draft.remove() }
    let isResumed = try draft.begin(with: present)
    if isResumed {
      Output.complain("note: opening the draft of an earlier edit; --discard drops it")
    }
    try Editor.open(draft.url)
    let text = try draft.read()
    guard text != present else {
      try draft.remove()
      Output.line("Nothing was changed.")
      return
    }
    let change: TaxonomyChange
    do {
      let sources = try before.replacing(found, with: text, path: path) { try folder.read($0) }
      change = TaxonomyChange(
        folder: folder, before: before, outcome: SourceEdit.Outcome(sources: sources),
        own: (path, text))
    } catch {
      Output.complain(
        "note: your text is kept in '\(draft.url.path(percentEncoded: false))'; the same command "
          + "opens it again")
      throw error
    }
    let isApplied: Bool
    do {
      isApplied = try await change.apply(edit.options, isJSON: edit.form.isJSON)
    } catch {
      Output.complain("note: your text is kept as a draft; the same command opens it again")
      throw error
    }
    if isApplied {
      try draft.remove()
    } else {
      Output.complain("note: your text is kept as a draft; the same command opens it again")
    }
  }

  private func factor(in sources: Sources) throws -> NodeID {
    if let factor { return try NodeReference(sources).find(factor).taxonomy.root.id }
    guard sources.taxonomies.count == 1, let only = sources.taxonomies.first else {
      let names = sources.taxonomies.map { "'\($0.root.name)'" }.joined(separator: ", ")
      throw CommandError("name the factor to edit", hint: "one of \(names)", status: .usage)
    }
    return only.root.id
  }
}

/// The text of a factor while a person edits it, beside the repository's own files.
struct TaxonomyDraft {
  let url: URL

  init(_ store: Store, factor: NodeID) {
    url = store.repository.gitDirectory.appending(path: "stemma/edit/\(factor).yaml")
  }

  /// Writes the text unless a draft is there; says whether one was.
  func begin(with text: [UInt8]) throws -> Bool {
    if FileManager.default.fileExists(atPath: url.path(percentEncoded: false)) { return true }
    do {
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text).write(to: url, options: .atomic)
    } catch {
      throw CommandError(
        "cannot write a draft in the repository", hint: "check the space and the permissions")
    }
    return false
  }

  func read() throws -> [UInt8] {
    guard let data = try? Data(contentsOf: url) else {
      throw CommandError("the editor left no text", hint: "nothing was changed")
    }
    return Array(data)
  }

  func remove() throws {
    guard FileManager.default.fileExists(atPath: url.path(percentEncoded: false)) else { return }
    do {
      try FileManager.default.removeItem(at: url)
    } catch {
      throw CommandError("cannot remove the draft '\(url.path(percentEncoded: false))'")
    }
  }
}

/// The program in which people edit texts.
enum Editor {
  /// Opens a file and waits until the editor ends.
  ///
  /// - Throws: ``CommandError`` when there is no editor or it fails.
  static func open(_ file: URL) throws {
    let environment = ProcessInfo.processInfo.environment
    guard
      let command = ["VISUAL", "EDITOR"].compactMap({ environment[$0] }).first(where: {
        !$0.isEmpty
      })
    else {
      throw CommandError(
        "no editor is known: neither $VISUAL nor $EDITOR is set",
        hint: "set one, or edit taxonomies/ and see 'stemma taxonomy effect'")
    }
    Output.flush()
    // As git does: the variable may hold options, and the file's name is never read by the shell.
    let arguments = [
      "/bin/sh", "-c", "exec \(command) \"$1\"", "sh", file.path(percentEncoded: false),
    ]
    guard try run(arguments) == 0 else {
      throw CommandError(
        "the editor '\(command)' failed", hint: "nothing was changed; your text is kept as a draft")
    }
  }

  /// Runs a program on this terminal: Foundation's own way would start it in the background.
  private static func run(_ arguments: [String]) throws -> Int32 {
    // Ctrl-C belongs to the editor.
    let earlier = signal(SIGINT, SIG_IGN)
    defer { signal(SIGINT, earlier) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for number in [SIGINT, SIGXFSZ] { sigaddset(&defaults, number) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
    var strings: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for string in strings { free(string) } }
    var child: pid_t = 0
    guard posix_spawn(&child, "/bin/sh", nil, &attributes, &strings, environ) == 0 else {
      throw CommandError("cannot start the editor")
    }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      guard errno == EINTR else { throw CommandError("cannot wait for the editor") }
    }
    return status
  }
}
