import ArgumentParser

struct Hook: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "hook",
    abstract: "Install git hooks, and do their work",
    discussion: """
      'init' and 'clone' install the hooks of a dataset, and tell git how to show artifacts and to merge \
      sources. Each hook is a short script that calls 'stemma hook NAME'. A hook that was there before \
      is kept, and called first.

      HOOKS
        pre-commit     refuses unreadable texts, damaged artifacts and API keys
        commit-msg     refuses trailers that contradict each other
        pre-push       refuses damaged versions; says what answers are missing
        post-checkout  brings indexes along, and keeps artifacts out of sight
        post-merge     the same
        pre-receive    on a server: refuses damage, and records of unknown origin

      DRIVERS
        textconv       shows an artifact to 'git diff', a record a line
        merge          merges taxonomies by nodes, other sources by entries

      On a server, 'git config stemma.requireCalls false' takes records whose answers stay elsewhere.

      EXAMPLES
        stemma hook install
        stemma hook install -C /srv/sums.git --server
        stemma hook list
        stemma hook uninstall
      """,
    subcommands: [HookInstall.self, HookUninstall.self, HookList.self, HookCall.self],
    defaultSubcommand: HookCall.self)
}
