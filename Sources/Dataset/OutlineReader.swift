/// Reads nested mappings of `name`, `weight`, `id`, `pin` and `children`, from YAML or JSON.
final class OutlineReader {
  private let log: ProblemLog
  private let check: OutlineCheck
  private var count = 0

  init(log: ProblemLog) {
    self.log = log
    check = OutlineCheck(log: log)
  }

  func read(_ value: YAMLValue) -> Outline.Item? { item(value, depth: 0) }

  private func item(_ value: YAMLValue, depth: Int) -> Outline.Item? {
    count += 1
    guard !log.isFull, check.depth(depth, at: value.place), check.count(count, at: value.place)
    else { return nil }
    // A leaf may be a bare name.
    if let text = value.text, !value.isNull {
      guard check.name(text, at: value.place) else { return nil }
      return Outline.Item(name: text, place: value.place)
    }
    guard
      let fields = FieldReader(
        value, section: depth == 0 ? nil : "children",
        keys: ["name", "weight", "id", "pin", "children"], log: log)
    else { return nil }
    let name = fields.nodeName()
    let weight = fields.weight()
    let id = fields.id("id")
    let isPinned = fields.bool("pin") ?? false
    var children: [Outline.Item] = []
    if let member = fields.member("children") {
      guard let items = member.value.items ?? (member.value.isNull ? [] : nil) else {
        log.add(member.place, "'children' must be a list of nodes, not \(member.value.kind)")
        return nil
      }
      children = items.compactMap { item($0, depth: depth + 1) }
    }
    check.siblings(children)
    guard let name, let weight else { return nil }
    return Outline.Item(
      name: name, weight: weight, id: id, isPinned: isPinned, children: children,
      place: value.place)
  }
}
