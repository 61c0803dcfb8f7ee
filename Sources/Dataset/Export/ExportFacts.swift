package import ArtifactStore
import CanonicalJSON
package import Foundation
package import Git

/// What an exported file of samples is, for those who get nothing else: where it comes from, how it was
/// made and what it holds.
package struct ExportFacts: Sendable {
  /// What only the user can say.
  package struct Given: Sendable, Hashable {
    /// An identifier of the SPDX list or a URL.
    package var license: String?
    package var creators: [String] = []
    package var publisher: String?
    package var url: String?
    /// The release in the form of Semantic Versioning.
    package var release: String?
    package init() {}
  }

  /// A file as it was written.
  package struct File: Sendable {
    /// Relative to the folder of what describes it, parts separated by slashes.
    package let path: String
    package let digest: Digest
    package let sizeInBytes: Int
    package let lineCount: Int

    package init(path: String, digest: Digest, sizeInBytes: Int, lineCount: Int) {
      self.path = path
      self.digest = digest
      self.sizeInBytes = sizeInBytes
      self.lineCount = lineCount
    }
  }

  /// A model with the roles that it plays.
  package struct Model: Sendable, Hashable {
    package let provider: String
    package let name: String
    package let revision: String?
    package internal(set) var roles: [Role]

    /// Such as `qwen2.5-7b-instruct, revision 2, through openai`.
    package var words: String {
      guard provider != TeacherSettings.Provider.embedded.rawValue else {
        return "\(name), which is built into Stemma and no language model"
      }
      return name + (revision.map { ", revision \($0)" } ?? "") + ", through \(provider)"
    }
  }

  package let given: Given
  package let name: String
  package let recipe: Recipe
  package let recipeDigest: Digest
  /// The version's commit, and when it was made.
  package let commit: ObjectID
  package let time: Date
  package let datasetDigest: Digest
  package let runID: String?
  package let models: [Model]
  package let version: Version
  /// The members that at least one line has, since a property of the schema may be in none.
  package let members: Set<String>

  /// Gathers what the version says.
  ///
  /// - Parameters:
  ///   - version: The version that was exported.
  ///   - given: What only the user can say.
  ///   - members: The members that at least one line has.
  /// - Throws: ``RecipeErrors`` where the version's recipe cannot be read, ``StoreError`` where the
  ///   version cannot.
  package init(_ version: Version, given: Given, members: Set<String>) throws {
    self.version = version
    self.given = given
    self.members = members
    let text = try version.file("recipe.yaml") ?? []
    recipe = try Recipe(
      parsing: text,
      readReference: { path in try version.file(path).map { String(decoding: $0, as: UTF8.self) } })
    recipeDigest = Digest(of: text)
    let identity = try version.file(DatasetIdentity.path).flatMap { try? JSON(parsing: $0) }
    name = identity?["name"]?.string ?? "dataset"
    commit = version.commit.id
    time = Date(timeIntervalSince1970: TimeInterval(version.commit.author.time))
    datasetDigest = try version.datasetDigest()
    runID = version.memos["Run-Id"]
    var models: [Model] = []
    for role in Role.allCases {
      guard let teacher = recipe.teachers[role] else { continue }
      let model = Model(
        provider: teacher.provider.rawValue, name: teacher.model, revision: teacher.revision,
        roles: [role])
      let known = models.firstIndex {
        $0.provider == model.provider && $0.name == model.name && $0.revision == model.revision
      }
      if let known { models[known].roles.append(role) } else { models.append(model) }
    }
    self.models = models
  }

  /// The critics that judged samples, which not every arm of the method has.
  var critics: CriticKnobs {
    guard !recipe.arm.usesCritics else { return recipe.critics }
    var none = recipe.critics
    (none.judgesRequirements, none.double) = (false, .off)
    return none
  }

  /// The version's name for a register of source code, an identifier that git itself can check.
  package var identifier: String { "swh:1:rev:\(commit.hex)" }

  /// The release, or one that says that there is none and which version it is.
  package var release: String { given.release ?? "0.0.0+\(commit.hex.prefix(12))" }

  /// Whether the license is a URL rather than an identifier of the SPDX list.
  private var isLicenseURL: Bool { given.license?.contains("://") == true }
  package var licenseURL: String? {
    given.license.map { isLicenseURL ? $0 : "https://spdx.org/licenses/\($0)" }
  }
  package var licenseIdentifier: String? { isLicenseURL ? nil : given.license }

  /// The version's time by RFC 3339.
  package var timestamp: String { time.formatted(.iso8601) }
}
