import ArtifactStore
package import CanonicalJSON
import Git

/// The metadata of an export in the form of Croissant 1.1, with provenance by PROV-O.
package struct Croissant {
  /// The version of the format, as `conformsTo` names it.
  package static let format = "http://mlcommons.org/croissant/1.1"

  private let facts: ExportFacts
  private let files: [ExportFacts.File]

  /// Describes a file of samples, the first of some, and files beside it.
  package init(_ facts: ExportFacts, samples: ExportFacts.File, others: [ExportFacts.File] = []) {
    self.facts = facts
    files = [samples] + others
  }

  package var json: JSON {
    var dataset = JSONObject([
      ("@context", Self.context), ("@type", "sc:Dataset"),
      ("conformsTo", [.string(Self.format), "http://mlcommons.org/croissant/RAI/1.0"]),
      ("name", .string(facts.name)), ("description", .string(facts.recipe.description)),
      ("version", .string(facts.release)), ("datePublished", .string(facts.timestamp)),
      ("citeAs", .string(citation)), ("isLiveDataset", false),
      ("keywords", ["synthetic data", "generated data", "stemma"]),
      (
        "identifier",
        [
          "@type": "sc:PropertyValue", "propertyID": "Dataset-Digest",
          "value": .string("sha256:\(facts.datasetDigest.hex)"),
        ]
      ),
    ])
    dataset["license"] = facts.licenseURL.map(JSON.string)
    dataset["url"] = facts.given.url.map(JSON.string)
    if !facts.given.creators.isEmpty {
      dataset["creator"] = .array(
        facts.given.creators.map { ["@type": "sc:Person", "name": .string($0)] })
    }
    dataset["publisher"] = facts.given.publisher.map {
      ["@type": "sc:Organization", "name": .string($0)]
    }
    for (name, value) in provenance + responsible { dataset[name] = value }
    dataset["distribution"] = .array(files.map(Self.file))
    dataset["recordSet"] = [recordSet]
    return .object(dataset)
  }

  /// An entry of BibTeX.
  private var citation: String {
    func plain(_ text: String) -> String {
      text.filter { !"{}\\\n\r%".contains($0) }
    }
    var fields = [("title", facts.name), ("year", String(facts.timestamp.prefix(4)))]
    if !facts.given.creators.isEmpty {
      fields.append(("author", facts.given.creators.joined(separator: " and ")))
    }
    fields.append(("version", facts.release))
    if let url = facts.given.url { fields.append(("url", url)) }
    fields.append(("note", "Dataset-Digest \(facts.datasetDigest.hex)"))
    return "@misc{stemma-\(facts.commit.hex.prefix(12)), "
      + fields.map { "\($0.0)={\(plain($0.1))}" }.joined(separator: ", ") + "}"
  }

  // MARK: Files and fields

  private static func file(_ file: ExportFacts.File) -> JSON {
    [
      "@type": "cr:FileObject", "@id": .string(file.path), "name": .string(file.path),
      "contentUrl": .string(file.path), "contentSize": .string("\(file.sizeInBytes) B"),
      "encodingFormat": .string(
        file.path.hasSuffix(".txt") ? "text/plain" : "application/jsonlines"),
      "sha256": .string(file.digest.hex),
    ]
  }

  private var recordSet: JSON {
    [
      "@type": "cr:RecordSet", "@id": "samples", "name": "samples",
      "description": "One sample a line, in the order of their slots.",
      "field": .array(
        CroissantFields(schema: facts.recipe.sample.schema, file: files[0].path).make(
          in: "samples", only: facts.members)),
    ]
  }

  // MARK: Provenance

  private var provenance: [(String, JSON)] {
    let recipe: JSON = [
      "@type": "prov:Entity", "prov:label": "recipe.yaml",
      "sha256": .string(facts.recipeDigest.hex),
    ]
    let models = facts.models.map { model -> JSON in
      [
        "@type": ["prov:Agent", "prov:SoftwareAgent"], "prov:label": .string(model.words),
        "description": .string("roles: " + model.roles.map(\.rawValue).joined(separator: ", ")),
      ]
    }
    let program: JSON = ["@type": ["prov:Agent", "prov:SoftwareAgent"], "prov:label": "Stemma"]
    var activity = JSONObject([
      ("@type", "prov:Activity"),
      ("prov:label", .string("Stemma run" + (facts.runID.map { " \($0)" } ?? ""))),
      ("prov:endedAtTime", .string(facts.timestamp)), ("prov:used", recipe),
      ("prov:wasAssociatedWith", .array([program] + models)),
    ])
    activity["identifier"] = facts.runID.map(JSON.string)
    return [
      (
        "prov:wasDerivedFrom",
        [
          "@id": .string(facts.identifier), "@type": "prov:Entity",
          "prov:label": .string("version \(facts.commit.hex) of the dataset '\(facts.name)'"),
        ]
      ), ("prov:wasGeneratedBy", .object(activity)),
    ]
  }

  private var responsible: [(String, JSON)] {
    let critics = [
      facts.critics.judgesRequirements ? "requirements of each sample" : nil,
      facts.critics.double != .off ? "right and wrong answers, in two independent calls" : nil,
    ].compactMap(\.self)
    let judges = facts.models.filter { $0.roles.contains(.critic) }.map(\.words)
    return [
      (
        "rai:dataCollection",
        "Every line was generated by a model from a mix of taxonomy nodes; no line was collected."
      ), ("rai:dataCollectionType", ["Others"]),
      (
        "rai:dataAnnotationProtocol",
        .array(
          critics.isEmpty
            ? ["No critic judged the samples."]
            : critics.map { .string("Critics judged: \($0).") })
      ), ("rai:machineAnnotationTools", .array(critics.isEmpty ? [] : judges.map(JSON.string))),
      (
        "rai:dataLimitations",
        ["What the models take for true, right and usual is in the samples, also where it is not."]
      ),
    ]
  }

  /// The context of the format, with PROV-O.
  private static let context: JSON = [
    "@language": "en", "@vocab": "https://schema.org/", "annotation": "cr:annotation",
    "arrayShape": "cr:arrayShape", "citeAs": "cr:citeAs", "column": "cr:column",
    "conformsTo": "dct:conformsTo", "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/", "data": ["@id": "cr:data", "@type": "@json"],
    "dataType": ["@id": "cr:dataType", "@type": "@vocab"],
    "dct": "http://purl.org/dc/terms/", "description": ["@container": "@language"],
    "equivalentProperty": "cr:equivalentProperty",
    "examples": ["@id": "cr:examples", "@type": "@json"], "excludes": "cr:excludes",
    "extract": "cr:extract", "field": "cr:field", "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty", "fileSet": "cr:fileSet", "format": "cr:format",
    "includes": "cr:includes", "isArray": "cr:isArray", "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath", "key": "cr:key", "md5": "cr:md5",
    "name": ["@container": "@language"], "parentField": "cr:parentField", "path": "cr:path",
    "prov": "http://www.w3.org/ns/prov#", "rai": "http://mlcommons.org/croissant/RAI/",
    "readLines": "cr:readLines", "recordSet": "cr:recordSet", "references": "cr:references",
    "regex": "cr:regex", "repeated": "cr:repeated", "replace": "cr:replace",
    "samplingRate": "cr:samplingRate", "sc": "https://schema.org/", "sdVersion": "cr:sdVersion",
    "separator": "cr:separator", "source": "cr:source", "subField": "cr:subField",
    "transform": "cr:transform", "unArchive": "cr:unArchive", "value": "cr:value",
  ]
}
