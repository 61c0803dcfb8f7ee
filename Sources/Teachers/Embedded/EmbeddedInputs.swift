import CanonicalJSON

/// The variables of one request, read with checks: whatever a request holds, it ends in an error.
struct EmbeddedInputs {
  /// The most items that are named, reviewed or written in one call.
  static let countLimit = 1000

  let task: String
  private let values: JSONObject

  init(_ request: CallRequest) throws(TeacherError) {
    guard let values = request.inputs?.object else {
      throw TeacherError(.unusable, "cannot answer '\(request.task)': the request has no inputs")
    }
    task = request.task
    self.values = values
  }

  func text(_ name: String) throws(TeacherError) -> String {
    guard let text = values[name]?.string else { throw failure(name, "is no text") }
    return text
  }

  /// The text, or nil when the input is absent or null.
  func optionalText(_ name: String) throws(TeacherError) -> String? {
    switch values[name] {
    case nil, .null: return nil
    case .string(let text): return text
    default: throw failure(name, "is no text")
    }
  }

  func texts(_ name: String) throws(TeacherError) -> [String] {
    var texts: [String] = []
    for value in try list(name) {
      guard let text = value.string else { throw failure(name, "is no list of texts") }
      texts.append(text)
    }
    return texts
  }

  func count(_ name: String) throws(TeacherError) -> Int {
    guard let count = values[name]?.int, (0...EmbeddedInputs.countLimit).contains(count) else {
      throw failure(name, "is no whole number from 0 to \(EmbeddedInputs.countLimit)")
    }
    return count
  }

  /// The limits of how many names are asked for.
  func countRange() throws(TeacherError) -> ClosedRange<Int> {
    let minimum = try count("minimum")
    let maximum = try count("maximum")
    guard minimum <= maximum, maximum > 0 else {
      throw failure("maximum", "is less than 1 or than the minimum")
    }
    return minimum...maximum
  }

  /// A list of objects of which the named members are texts, in the order of the names.
  func rows(_ name: String, _ members: [String]) throws(TeacherError) -> [[String]] {
    var rows: [[String]] = []
    for value in try list(name) {
      var row: [String] = []
      for member in members {
        guard let text = value[member]?.string else {
          throw failure(name, "has an item without the text '\(member)'")
        }
        row.append(text)
      }
      rows.append(row)
    }
    return rows
  }

  func failure(_ name: String, _ what: String) -> TeacherError {
    TeacherError(.unusable, "cannot answer '\(task.prefix(40))': input '\(name)' \(what)")
  }

  private func list(_ name: String) throws(TeacherError) -> [JSON] {
    guard let list = values[name]?.array else { throw failure(name, "is no list") }
    guard list.count <= EmbeddedInputs.countLimit else {
      throw failure(name, "has more than \(EmbeddedInputs.countLimit) items")
    }
    return list
  }
}
