import ArgumentParser
import Dataset

/// What all operations take.
struct EditOptions: ParsableArguments {
  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var form: FormOptions
  @OptionGroup var options: ApplyOptions

  /// Makes an edit of the sources and takes it to the working tree.
  func apply(
    isForced: Bool = false, _ edit: (NodeReference) throws -> SourceEdit
  ) async throws {
    let folder = try SourceFolder(dataset.store())
    let before = try folder.requireSources()
    let outcome = try edit(NodeReference(before)).apply(to: before, isForced: isForced)
    try await TaxonomyChange(folder: folder, before: before, outcome: outcome)
      .apply(options, isJSON: form.isJSON)
  }
}

struct TaxonomyRename: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "rename", abstract: "Give a node or factor another name; it keeps its id",
    discussion: """
      EXAMPLES
        stemma taxonomy edit rename 'Setting > Shop' 'Market'
      """)

  @OptionGroup var edit: EditOptions
  @Argument(help: "An id, a path or a name.") var node: String
  @Argument(help: "The new name.") var name: String

  func run() async throws {
    try await edit.apply { nodes in .rename(try nodes.find(node).node.id, to: name) }
  }
}

struct TaxonomyMove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "move", abstract: "Put a node with its branch elsewhere in its factor",
    discussion: """
      EXAMPLES
        stemma taxonomy edit move Bakery --under 'Setting > Shop'
      """)

  @OptionGroup var edit: EditOptions
  @Argument(help: "An id, a path or a name.") var node: String
  @Option(help: "The node that it goes under.") var under: String

  func run() async throws {
    try await edit.apply { nodes in
      .move(try nodes.find(node).node.id, under: try nodes.find(under).node.id)
    }
  }
}

struct TaxonomyMerge: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "merge", abstract: "Make one node of two: children move, weights add",
    discussion: """
      Children of the same name become one too. Strategies that name the first node name the other one.

      EXAMPLES
        stemma taxonomy edit merge Market --into Shop
      """)

  @OptionGroup var edit: EditOptions
  @Argument(help: "The node that goes.") var node: String
  @Option(help: "The node that stays.") var into: String

  func run() async throws {
    try await edit.apply { nodes in
      .merge(try nodes.find(node).node.id, into: try nodes.find(into).node.id)
    }
  }
}

struct TaxonomyRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "remove", abstract: "Take out a node with its branch, or a whole factor",
    discussion: """
      A node that strategies.yaml names is refused, unless --force drops those lines too.

      EXAMPLES
        stemma taxonomy edit remove 'Setting > Shop' --dry-run
        stemma taxonomy edit remove Setting --force
      """)

  @OptionGroup var edit: EditOptions
  @Argument(help: "An id, a path or a name.") var node: String
  @Flag(help: "Drop what strategies say of it.") var force = false

  func run() async throws {
    try await edit.apply(isForced: force) { nodes in .remove(try nodes.find(node).node.id) }
  }
}

struct TaxonomyAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "add", abstract: "Add a node, or a new factor",
    discussion: """
      EXAMPLES
        stemma taxonomy edit add 'Harbour' --under Setting --weight 2
        stemma taxonomy edit add 'Weather' --as-factor --child Rain --child Sun
      """)

  @OptionGroup var edit: EditOptions
  @Argument(help: "The new name.") var name: String
  @Option(help: "The node that it goes under.") var under: String?
  @Option(help: "Its weight relative to its siblings.") var weight = 1.0
  @Flag(help: "Keep it when its branch is grown again.") var pin = false
  @Flag(help: "Make a new factor.") var asFactor = false
  @Option(help: "A child of the new factor; may be given several times.") var child: [String] = []

  func validate() throws {
    if (under == nil) == !asFactor {
      throw ValidationError("give either '--under' a node, or '--as-factor'")
    }
    if !asFactor, !child.isEmpty { throw ValidationError("'--child' goes with '--as-factor'") }
  }

  func run() async throws {
    try await edit.apply { nodes in
      guard let under else { return .addFactor(name, children: child) }
      return .add(
        name, under: try nodes.find(under).node.id, weight: weight, isPinned: pin)
    }
  }
}

struct TaxonomyWeight: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "weight", abstract: "Set a node's weight relative to its siblings",
    discussion: """
      EXAMPLES
        stemma taxonomy edit weight Shop 3
      """)

  @OptionGroup var edit: EditOptions
  @Argument(help: "An id, a path or a name.") var node: String
  @Argument(help: "More than 0.") var weight: Double

  func run() async throws {
    try await edit.apply { nodes in .weigh(try nodes.find(node).node.id, weight) }
  }
}

struct TaxonomyPin: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "pin", abstract: "Keep a node when its branch is grown again",
    discussion: """
      EXAMPLES
        stemma taxonomy edit pin Shop
      """)

  @OptionGroup var edit: EditOptions
  @Argument(help: "An id, a path or a name.") var node: String

  func run() async throws {
    try await edit.apply { nodes in .pin(try nodes.find(node).node.id, true) }
  }
}

struct TaxonomyUnpin: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "unpin", abstract: "Let a node go when its branch is grown again",
    discussion: """
      EXAMPLES
        stemma taxonomy edit unpin Shop
      """)

  @OptionGroup var edit: EditOptions
  @Argument(help: "An id, a path or a name.") var node: String

  func run() async throws {
    try await edit.apply { nodes in .pin(try nodes.find(node).node.id, false) }
  }
}
