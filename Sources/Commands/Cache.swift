import ArgumentParser

struct Cache: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "cache",
    abstract: "Count, share, drop and prune recorded answers",
    discussion: """
      Every complete answer of a model is recorded under the hash of its request, its key, and \
      answers that request from then on, in all versions.

      EXAMPLES
        stemma cache stat
        stemma cache export calls.jsonl.zst
        stemma cache import calls.jsonl.zst      adds what is not here
        stemma cache drop 3f9a1c2e               the next run asks it again
        stemma cache prune --dry-run             what no version names
      """,
    subcommands: [
      CacheStat.self, CacheExport.self, CacheImport.self, CacheDrop.self, CachePrune.self,
    ])
}
