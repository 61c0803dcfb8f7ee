import ArtifactStore
import CanonicalJSON
import Dataset
import Git

/// What models last grew, before it was merged into a person's text: the base of the next merge.
///
/// It lies in the tree of each version, so that it goes along with a rollback and a checkout.
enum GrowthObject {
  static func encode(_ sources: Sources) -> [UInt8] {
    let files = sources.encode().map { ($0.path, JSON.string($0.text)) }
    return JSON.object(JSONObject([("sources", .object(JSONObject(files)))])).canonicalBytes
  }

  /// The growth that a version holds, or nil when its sources were written by hand.
  static func find(in version: Version?) throws -> Sources? {
    guard let version else { return nil }
    let files = try version.store.repository.files(
      inTree: version.tree, under: ArtifactPath.growth)
    guard let file = files.first(where: { ArtifactPath($0.path)?.isShard == false }) else {
      return nil
    }
    let value = try JSON(parsing: try version.store.reader.artifact(file.entry.id))
    return try Sources.decode(readFile: { path in
      value["sources"]?[path]?.string.map { Array($0.utf8) }
    })
  }
}
