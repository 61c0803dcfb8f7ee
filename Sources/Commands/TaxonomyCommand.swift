import ArgumentParser

struct TaxonomyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    command: "taxonomy",
    abstract: "Show, edit, export, import and regrow taxonomies",
    discussion: """
      A node is named by the beginning of its id, by a path such as 'Factor > Child', or by its name \
      where only one has it.

      EXAMPLES
        stemma taxonomy show
        stemma taxonomy edit rename 'Setting > Shop' 'Market'
        stemma taxonomy edit                 opens $EDITOR on a factor's text
        stemma taxonomy effect               what edits by hand would cost
        stemma taxonomy export Setting --format markdown > setting.md
        stemma taxonomy import setting.md
        stemma taxonomy regrow 'Setting > Shop'
      """,
    subcommands: [
      TaxonomyShow.self, TaxonomyEdit.self, TaxonomyEffect.self, TaxonomyExport.self,
      TaxonomyImport.self, TaxonomyRegrow.self,
    ])
}
