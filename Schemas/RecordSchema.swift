/// A JSON Schema of something that a dataset holds.
package struct RecordSchema: Sendable, Hashable {
  /// The name of a record kind, or of another object of a dataset; `-text` stands for YAML that
  /// people edit.
  package let name: String
  package let text: String

  private init(_ name: String, _ bytes: [UInt8]) {
    self.name = name
    text = String(decoding: bytes, as: UTF8.self)
  }

  package static let all = [
    RecordSchema("recipe", PackageResources.recipe_v1_schema_json),
    RecordSchema("dataset", PackageResources.dataset_v1_schema_json),
    RecordSchema("factors-text", PackageResources.factors_text_v1_schema_json),
    RecordSchema("taxonomy-text", PackageResources.taxonomy_text_v1_schema_json),
    RecordSchema("strategies-text", PackageResources.strategies_text_v1_schema_json),
    RecordSchema("recalls", PackageResources.recalls_v1_schema_json),
    RecordSchema("taxonomy", PackageResources.taxonomy_v1_schema_json),
    RecordSchema("growth", PackageResources.growth_v1_schema_json),
    RecordSchema("proposals", PackageResources.proposals_v1_schema_json),
    RecordSchema("edits", PackageResources.edits_v1_schema_json),
    RecordSchema("plans", PackageResources.plans_v1_schema_json),
    RecordSchema("mixes", PackageResources.mixes_v1_schema_json),
    RecordSchema("meta-prompts", PackageResources.meta_prompts_v1_schema_json),
    RecordSchema("samples", PackageResources.samples_v1_schema_json),
    RecordSchema("rejections", PackageResources.rejections_v1_schema_json),
    RecordSchema("verdicts", PackageResources.verdicts_v1_schema_json),
    RecordSchema("calls", PackageResources.calls_v1_schema_json),
    RecordSchema("tombstones", PackageResources.tombstones_v1_schema_json),
    RecordSchema("runs", PackageResources.runs_v1_schema_json),
  ]
}
