import CanonicalJSON

/// What `dataset.json` says.
package struct DatasetIdentity: Sendable, Hashable {
  package static let path = "dataset.json"
  package static let maximumSizeInBytes = 1 << 20

  private var members: JSONObject
  /// By which imported records are the same after a change; nil when they are not compared.
  package var importKey: RecordKey? {
    didSet { members["import-key"] = importKey.map { .string($0.field) } }
  }

  package init(name: String) {
    members = JSONObject([("format", 1), ("name", .string(name))])
  }

  /// Reads the file; nil when it is not of format 1.
  package init?(_ bytes: [UInt8]) {
    guard let object = (try? JSON(parsing: bytes))?.object, object["format"]?.int == 1 else {
      return nil
    }
    members = object
    importKey = object["import-key"]?.string.map { RecordKey(field: $0) }
  }

  /// The bytes of the file; what Stemma does not know in it stays.
  package var bytes: [UInt8] { Array((JSON.object(members).canonicalText + "\n").utf8) }
}
