package import ArtifactStore

/// The hash of what defines a stage: its code, knobs, prompt templates and teachers.
package struct StageKey: Hashable, Sendable {
  package let digest: Digest

  /// Hashes the definition of a stage.
  ///
  /// - Parameters:
  ///   - name: The stage's name.
  ///   - codeVersion: Raised when the stage's code derives something else from the same input.
  ///   - knobs: The recipe's values that the stage reads, by name.
  ///   - templates: The bytes of its prompt templates, by task.
  ///   - teachers: The identities of the models that it asks, by role.
  package init(
    name: String, codeVersion: Int, knobs: [(String, String)],
    templates: [(String, [UInt8])] = [], teachers: [(String, String)] = []
  ) {
    var hash = FramedHash(domain: "stemma stage 1")
    hash.add(name)
    hash.add(String(codeVersion))
    for (label, entries) in [("knobs", knobs), ("teachers", teachers)] {
      hash.add(label)
      hash.add(String(entries.count))
      for (name, value) in entries {
        hash.add(name)
        hash.add(value)
      }
    }
    hash.add("templates")
    for (task, bytes) in templates {
      hash.add(task)
      hash.add(bytes)
    }
    digest = hash.finish()
  }
}

/// What a run remembers of a stage in its commit: never truth, always checked.
package struct StageMemo: Hashable, Sendable {
  package static let trailer = "Stage"
  /// The key of a stage that lost records to a recall: none is defined so.
  package static let recalled = Digest(of: Array("recalled".utf8))

  package let name: String
  package let key: Digest
  package let inputs: Digest
  package let outputs: Digest

  package init(name: String, key: Digest, inputs: Digest, outputs: Digest) {
    self.name = name
    self.key = key
    self.inputs = inputs
    self.outputs = outputs
  }

  package var text: String { "\(name) \(key) \(inputs) \(outputs)" }

  package init?(_ text: String) {
    let parts = text.split(separator: " ")
    guard parts.count == 4, let key = Digest(hex: parts[1]), let inputs = Digest(hex: parts[2]),
      let outputs = Digest(hex: parts[3])
    else { return nil }
    self.init(name: String(parts[0]), key: key, inputs: inputs, outputs: outputs)
  }
}

/// Whether a stage's output is current, and if not, why.
package enum Freshness: Hashable, Sendable {
  case fresh
  /// There is no trustworthy memo of an output.
  case missing
  /// There are records, but no memo of them, as after a merge.
  case unnoted
  /// The stage itself is another: recipe knobs, prompt templates, teachers or code.
  case redefined
  /// What it reads has changed.
  case newInputs
  /// An answer that its records were made with was dropped.
  case dropped
  /// What it was made with is recalled, or no longer recalled.
  case recalled

  package init(memo: StageMemo?, key: StageKey, inputs: Digest?) {
    guard let memo else {
      self = .missing
      return
    }
    if memo.key != key.digest {
      self = .redefined
    } else if let inputs, memo.inputs == inputs {
      self = .fresh
    } else {
      self = .newInputs
    }
  }
}
