/// A JSON value that keeps the order of members as written.
///
/// Numbers are IEEE 754 doubles, as RFC 8785 and I-JSON demand; integers are exact up to 2^53.
package enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSON])
  case object(JSONObject)
}

/// The members of a JSON object in the order they were written.
package struct JSONObject: Sendable, Hashable {
  package struct Member: Sendable {
    package let name: String
    package internal(set) var value: JSON

    package init(name: String, value: JSON) {
      self.name = name
      self.value = value
    }
  }

  /// The members, each name at most once.
  package private(set) var members: [Member] = []

  package init() {}

  package init(_ members: [(String, JSON)]) {
    self.members.reserveCapacity(members.count)
    for (name, value) in members { self[name] = value }
  }

  /// Makes an object from members that the caller knows to have distinct names.
  package init(distinct members: [Member]) { self.members = members }

  package var names: [String] { members.map(\.name) }
  package var isEmpty: Bool { members.isEmpty }

  /// The value of a member, or nil when the object has none of that name; assigning nil removes it.
  ///
  /// - Complexity: O(members), which are few in every object of the format.
  package subscript(name: String) -> JSON? {
    get { place(of: name).map { members[$0].value } }
    set {
      let place = place(of: name)
      switch (place, newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append(Member(name: name, value: value))
      case (nil, nil): break
      }
    }
  }

  private func place(of name: String) -> Int? {
    for place in members.indices where JSONObject.same(members[place].name, name) { return place }
    return nil
  }

  /// Names are the same when their code points are: Swift also takes `é` and `e´` for equal.
  package static func same(_ left: String, _ right: String) -> Bool {
    let count = left.utf8.count
    guard count == right.utf8.count else { return false }
    // Short ones Swift compares as two words each, which differ for most.
    if count <= 15, left != right { return false }
    let isSame = left.utf8.withContiguousStorageIfAvailable { lefts in
      right.utf8.withContiguousStorageIfAvailable { rights in
        UnsafeRawBufferPointer(lefts).elementsEqual(UnsafeRawBufferPointer(rights))
      }
    }
    return isSame.flatMap(\.self) ?? left.utf8.elementsEqual(right.utf8)
  }

  /// Equal when the members are, whatever their order, as in JSON itself.
  package static func == (left: JSONObject, right: JSONObject) -> Bool {
    guard left.members.count == right.members.count else { return false }
    // A few names are compared, many are hashed: hostile input must not cost O(n^2).
    guard left.members.count > 16 else {
      return left.members.allSatisfy { right[$0.name] == $0.value }
    }
    let values = Dictionary(
      right.members.map { (Array($0.name.utf8), $0.value) }, uniquingKeysWith: { first, _ in first }
    )
    return left.members.allSatisfy { values[Array($0.name.utf8)] == $0.value }
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(members.count)
    for name in names.sorted() { hasher.combine(name) }
  }
}

extension JSON {
  /// A member of an object, or nil when this is no object or has none of that name.
  package subscript(name: String) -> JSON? {
    if case .object(let object) = self { object[name] } else { nil }
  }

  package var string: String? { if case .string(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var double: Double? { if case .number(let value) = self { value } else { nil } }
  package var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
  package var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// The number as an integer, or nil when it is none or has a fraction.
  package var int: Int? {
    guard case .number(let value) = self else { return nil }
    return Int(exactly: value)
  }

  package init(_ value: Int) {
    precondition(abs(value) <= 1 << 53, "integers in records stay within 2^53")
    self = .number(Double(value))
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral {
  package init(stringLiteral value: String) { self = .string(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(nilLiteral: ()) { self = .null }
}

extension JSON: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  package init(integerLiteral value: Int) { self.init(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
}

extension JSON: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  package init(arrayLiteral elements: JSON...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(JSONObject(elements))
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSON)...) { self.init(elements) }
}
