package import ArtifactStore
package import Git

/// What deriving a version again came to.
package struct ReplayReport: Sendable {
  /// One kind of records, derived again and as the version has it.
  package struct Kind: Sendable, Hashable {
    package let kind: RecordKind
    package let derived: Int
    package let live: Int
  }

  /// Where what is derived first is not what the version holds.
  package struct Divergence: Sendable, Hashable {
    /// Where in the dataset: a slot, or a node's growth.
    package let place: String
    package let message: String
  }

  /// How the taxonomies' own records were checked.
  package enum Growth: Sendable, Hashable {
    /// The version has none: people wrote the sources.
    case none
    /// All grew again from the recipe.
    case rederived
    /// Grown over several versions, or beside a person's edits: what growth does not give from the
    /// recipe alone, so many records, was compared with the answers that they name.
    case compared(Int)
  }

  package let version: ObjectID
  package internal(set) var growth = Growth.none
  package internal(set) var kinds: [Kind] = []
  /// How many recorded answers were used.
  package internal(set) var callCount = 0
  /// Stages that code of another version made, so that they cannot be derived here.
  package internal(set) var foreign: [StageName] = []
  /// Stages whose records the version has from before a change of what they are derived from.
  package internal(set) var stale: [StageName] = []
  /// Live records that were not derived, for they are of stages or slots that were not replayed.
  package internal(set) var unchecked = 0
  package internal(set) var divergence: Divergence?
  package internal(set) var duration = Duration.zero

  init(version: ObjectID) { self.version = version }

  /// Whether nothing that was derived differs.
  package var isSame: Bool { divergence == nil && foreign.isEmpty }
  /// Whether all records of the version came out again.
  package var isWhole: Bool { isSame && unchecked == 0 }
  package var recordCount: Int { kinds.reduce(0) { $0 + $1.derived } }
}
