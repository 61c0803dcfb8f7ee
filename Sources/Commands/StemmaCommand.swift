package import ArgumentParser
import Foundation

/// The program: its commands, and the one place where errors become text and exit codes.
///
/// Each command names itself: finding the name by reflection would cost milliseconds at each start.
package struct StemmaCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "stemma",
    abstract: "Make, version and trace generated datasets",
    discussion: """
      A dataset is a git repository; each version is a commit. Every taxonomy, meta-prompt, sample, \
      verdict and model call is kept, compressed and named by its hash, so that a run pays only for \
      what changed, and every sample can be traced to its prompts.

      Start with 'stemma demo', then 'stemma init'.

      \(ExitStatus.help)
      """,
    version: "stemma 1.0.0 (format 1)",
    groupedSubcommands: groups)

  private static let groups = [
    CommandGroup(
      name: "Make:",
      subcommands: [Demo.self, Init.self, Plan.self, Run.self, TaxonomyCommand.self]),
    CommandGroup(
      name: "Look:",
      subcommands: [
        Status.self, Log.self, Show.self, List.self, Cat.self, TraceCommand.self,
        ImpactCommand.self, Diff.self, Calibrate.self,
      ]),
    CommandGroup(
      name: "Versions:",
      subcommands: [
        Branch.self, Tag.self, Checkout.self, Rollback.self, Undo.self, Recall.self, Merge.self,
      ]),
    CommandGroup(
      name: "Share:", subcommands: [Clone.self, Push.self, Pull.self]),
    CommandGroup(
      name: "Keep:",
      subcommands: [
        Import.self, Export.self, SchemaCommand.self, Verify.self, Cache.self, Compact.self,
        GarbageCollection.self,
      ]),
    CommandGroup(name: "Inside:", subcommands: [Hook.self]),
  ]

  package init() {}

  /// Parses the arguments, runs the command and ends the process.
  package static func start() async {
    // A write beyond a file size limit shall be an error, not the end.
    signal(SIGXFSZ, SIG_IGN)
    ProcessMemory.configure()
    do {
      var command = try parse(Array(CommandLine.arguments.dropFirst()))
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      Output.flush()
      exit(withReporting: error)
    }
    Output.flush()
  }

  /// Parses the arguments by the one command that they name, or by the whole program.
  ///
  /// To know all commands takes the parser longer than most commands take. Only what is a plain call does
  /// without: of all else, as of everything that is wrong, the parser of the whole program tells.
  private static func parse(_ arguments: [String]) throws -> any ParsableCommand {
    if let (command, rest) = named(by: arguments),
      // Its own help would not know the commands above it.
      let parsed = try? command.parseAsRoot(rest), type(of: parsed) == command
    {
      return parsed
    }
    return try parseAsRoot(arguments)
  }

  /// The command without subcommands that the first arguments name, and the arguments after them.
  private static func named(
    by arguments: [String]
  ) -> (command: any ParsableCommand.Type, rest: [String])? {
    var commands = groups.flatMap(\.subcommands)
    for (index, name) in arguments.enumerated() {
      guard let command = commands.first(where: { $0.configuration.commandName == name }) else {
        return nil
      }
      commands = command.configuration.subcommands
      if commands.isEmpty { return (command, Array(arguments[(index + 1)...])) }
    }
    return nil
  }

  private static func exit(withReporting error: any Error) -> Never {
    if let failure = Failure(error) {
      failure.report()
      Foundation.exit(failure.status.rawValue)
    }
    exit(withError: error)
  }
}

extension CommandConfiguration {
  /// Describes a command of the program.
  ///
  /// Named as the program's, it is parsed by itself without a look for what only the whole program offers.
  init(
    command: String, abstract: String, discussion: String = "", shouldDisplay: Bool = true,
    subcommands: [any ParsableCommand.Type] = [],
    defaultSubcommand: (any ParsableCommand.Type)? = nil
  ) {
    self.init(
      commandName: command, _superCommandName: "stemma", abstract: abstract, discussion: discussion,
      shouldDisplay: shouldDisplay, subcommands: subcommands, defaultSubcommand: defaultSubcommand)
  }
}
