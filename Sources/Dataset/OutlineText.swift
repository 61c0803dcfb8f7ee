import CanonicalJSON

extension Outline {
  /// The tree in a form that ``init(_:format:path:)`` reads back the same.
  package func text(_ format: Format) -> String {
    switch format {
    case .yaml: Self.yaml(root, indent: "", isItem: false)
    case .json: Self.json(root, indent: "") + "\n"
    case .markdown: "# \(Self.bullet(root))\n\n" + Self.bullets(root.children, indent: "")
    }
  }

  private static func yaml(_ item: Item, indent: String, isItem: Bool) -> String {
    let inner = isItem ? indent + "  " : indent
    var text = (isItem ? indent + "- " : indent) + "name: \(SourceText.quoted(item.name))\n"
    if item.weight != 1 { text += "\(inner)weight: \(JSON.number(item.weight).text)\n" }
    if let id = item.id { text += "\(inner)id: \"\(id)\"\n" }
    if item.isPinned { text += "\(inner)pin: true\n" }
    guard !item.children.isEmpty else { return text }
    text += "\(inner)children:\n"
    for child in item.children { text += yaml(child, indent: inner, isItem: true) }
    return text
  }

  private static func json(_ item: Item, indent: String) -> String {
    var members = ["\"name\": \(JSON.string(item.name).text)"]
    if item.weight != 1 { members.append("\"weight\": \(JSON.number(item.weight).text)") }
    if let id = item.id { members.append("\"id\": \"\(id)\"") }
    if item.isPinned { members.append("\"pin\": true") }
    guard !item.children.isEmpty else { return "{\(members.joined(separator: ", "))}" }
    let inner = indent + "  "
    let children = item.children.map { inner + json($0, indent: inner) }
    return "{\(members.joined(separator: ", ")), \"children\": [\n"
      + children.joined(separator: ",\n") + "\n\(indent)]}"
  }

  private static func bullets(_ items: [Item], indent: String) -> String {
    items.map { "\(indent)- \(bullet($0))\n" + bullets($0.children, indent: indent + "  ") }
      .joined()
  }

  private static func bullet(_ item: Item) -> String {
    var text = isPlain(item.name) ? item.name : JSON.string(item.name).text
    if item.weight != 1 { text += " (weight \(JSON.number(item.weight).text))" }
    let marks = [item.id.map { "id:\($0)" }, item.isPinned ? "pin" : nil].compactMap(\.self)
    return marks.isEmpty ? text : text + " <!-- \(marks.joined(separator: " ")) -->"
  }

  /// Whether a bullet with this name is read as nothing else.
  private static func isPlain(_ name: String) -> Bool {
    name.first != "\"" && !name.contains("<!--") && !name.contains("-->") && !name.hasSuffix(")")
      && OutlineBullets.trimmed(name[...]) == name[...]
  }
}
