import ArtifactStore
import CanonicalJSON

/// A request as it is kept while a batch is under way: a line with its key and what records it.
///
/// The key is that of the program which asked: a later one, which builds requests another way, still
/// records the answer under it.
struct BatchedRequest {
  let form: RequestForm

  private static let start = Array(#"{"name":""#.utf8)
  private static let middle = Array(#"","request":"#.utf8)
  private static let nameLength = 64

  init(_ form: RequestForm) { self.form = form }

  /// Reads a line; nil for one that is none.
  init?(line: some BidirectionalCollection<UInt8>) {
    guard let name = Self.name(in: line) else { return nil }
    let rest = line.dropFirst(Self.start.count + Self.nameLength + Self.middle.count).dropLast()
    let bytes = Array(rest)
    guard let json = try? JSON(parsing: bytes), let request = try? RecordedRequest.request(json),
      let key = try? RecordedRequest.key(json), key.description == name
    else { return nil }
    form = RequestForm(request, key: key, json: bytes)
  }

  /// What a line's request is submitted under; nil for a line that is none.
  static func name(in line: some BidirectionalCollection<UInt8>) -> String? {
    let rest = line.dropFirst(start.count)
    guard line.starts(with: start), rest.dropFirst(nameLength).starts(with: middle),
      line.last == UInt8(ascii: "}")
    else { return nil }
    return String(decoding: rest.prefix(nameLength), as: UTF8.self)
  }

  var line: [UInt8] {
    Self.start + Array(form.key.description.utf8) + Self.middle + form.json
      + Array("}\n".utf8)
  }
}
