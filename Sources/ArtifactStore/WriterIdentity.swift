import CanonicalJSON
package import Foundation

/// The name under which this copy of a dataset writes calls.
package enum WriterIdentity {
  /// Reads the identity, or makes one when there is none or the folder was copied from elsewhere.
  package static func current(in folder: URL) throws(StoreError) -> String {
    let file = folder.appending(path: "writer.json")
    if let bytes = try? Data(contentsOf: file), let value = try? JSON(parsing: Array(bytes)),
      value["place"] == place(of: folder), let id = value["id"]?.string, UUID(uuidString: id) != nil
    {
      return id
    }
    let id = make()
    try set(id, in: folder)
    return id
  }

  /// Makes a name that nobody has.
  package static func make() -> String { UUID().uuidString.lowercased() }

  /// Takes a new identity, for a copy whose old one is another's or names what was rewritten.
  package static func set(_ id: String, in folder: URL) throws(StoreError) {
    let value = JSON.object(JSONObject([("id", .string(id)), ("place", place(of: folder))]))
    try DurableFile.replace(folder.appending(path: "writer.json"), with: value.canonicalBytes)
  }

  private static func place(of folder: URL) -> JSON {
    [
      "machine": .string(machine),
      "path": .string(folder.resolvingSymlinksInPath().path(percentEncoded: false)),
    ]
  }

  private static var machine: String {
    let text = try? String(contentsOfFile: "/etc/machine-id", encoding: .utf8)
    return text?.trimmingCharacters(in: .whitespacesAndNewlines)
      ?? ProcessInfo.processInfo.hostName
  }
}
