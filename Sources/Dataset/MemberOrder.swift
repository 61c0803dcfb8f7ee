package import CanonicalJSON
import JSONSchema

extension SampleShape {
  /// Puts the members of samples into the order of the schema: records sort them by name.
  package func memberOrder() -> @Sendable (JSON) -> JSON {
    guard let schema = try? JSON(parsing: schema) else { return { $0 } }
    let order = PropertyOrder(schema: schema)
    return { order.apply(to: $0) }
  }
}
