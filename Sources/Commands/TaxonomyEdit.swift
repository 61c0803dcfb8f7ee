import ArgumentParser

struct TaxonomyEdit: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "edit",
    abstract: "Change the sources, and see the effect before it is applied",
    discussion: """
      Works on the text in taxonomies/, factors.yaml and strategies.yaml; nothing is committed before \
      the next run. Shows first how many slots move, how many samples become stale and what a run would \
      cost, then asks. --yes applies without asking, --dry-run only shows. Without an operation the text \
      of a factor is opened in $VISUAL or $EDITOR.

      EXAMPLES
        stemma taxonomy edit rename 'Setting > Shop' 'Market'
        stemma taxonomy edit move Bakery --under 'Setting > Shop'
        stemma taxonomy edit merge Market --into Shop
        stemma taxonomy edit remove 3f9a1c2e --dry-run
        stemma taxonomy edit add 'Harbour' --under Setting --weight 2
        stemma taxonomy edit weight Shop 3 --yes
        stemma taxonomy edit pin Shop
        stemma taxonomy edit Setting         opens the text of one factor

      \(ExitStatus.help)
      """,
    subcommands: [
      TaxonomyRename.self, TaxonomyMove.self, TaxonomyMerge.self, TaxonomyRemove.self,
      TaxonomyAdd.self, TaxonomyWeight.self, TaxonomyPin.self, TaxonomyUnpin.self,
      TaxonomyEditText.self,
    ], defaultSubcommand: TaxonomyEditText.self)
}
