import ArtifactStore
import Dataset

/// What of the recalls is part of a stage's definition; nothing where nothing concerns it.
///
/// Recalled nodes are not: they are taken out of what mixes are drawn from, which is an input.
enum RecallKnobs {
  static func of(
    _ stage: StageName, _ tasks: [PromptTask], _ roles: [Role], _ recipe: Recipe,
    _ prompts: PromptSet, _ recalls: Recalls
  ) -> [(String, String)] {
    guard !recalls.isEmpty else { return [] }
    var knobs = Set<Knob>()
    for entry in recalls.entries {
      switch entry.subject {
      case .call(let id, let key, let task) where !tasks.isEmpty:
        // One that says nothing of its task may concern each stage that asks.
        let known = task.flatMap(PromptTask.init(rawValue:))
        guard known.map(tasks.contains) ?? true else { continue }
        knobs.insert(Knob("recalled-call", "\(id) \(key.map(\.hex) ?? "")"))
      case .run(let id) where !tasks.isEmpty: knobs.insert(Knob("recalled-run", id))
      case .mix(let id, _) where stage == .mixes: knobs.insert(Knob("recalled-mix", id.hex))
      default: continue
      }
    }
    for role in roles where Players.recall(of: role, recipe, recalls) != nil {
      knobs.insert(Knob("recalled-model", role.rawValue))
    }
    for task in tasks where prompts.recall(of: task, recalls) != nil {
      knobs.insert(Knob("recalled-template", task.rawValue))
    }
    return knobs.sorted { ($0.name, $0.value) < ($1.name, $1.value) }.map { ($0.name, $0.value) }
  }

  private struct Knob: Hashable {
    let name: String
    let value: String

    init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }
}

extension Players {
  /// The entry that recalls the model of a role, or nil.
  static func recall(of role: Role, _ recipe: Recipe, _ recalls: Recalls) -> Recalls.Entry? {
    let settings = settings(recipe, role)
    return recalls.entry(
      ofModel: model(settings), settings.provider, revision: settings.revision)
  }
}

extension PromptSet {
  /// The entry that recalls the template of a task, or nil.
  func recall(of task: PromptTask, _ recalls: Recalls) -> Recalls.Entry? {
    has(task) ? recalls.entry(ofTemplate: task.rawValue, self[task].bytes) : nil
  }
}
