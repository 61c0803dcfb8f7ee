import CanonicalJSON
import Dataset
import Simula
import Teachers

/// Answers to the questions of growth, from what the requests say.
enum GrowthScript {
  static func node(_ request: CallRequest) -> String {
    request.inputs?["node"]?.string ?? ""
  }

  static func children(_ names: [String]) -> Answer {
    .stop((["children": .array(names.map { .string($0) })] as JSON).text)
  }

  /// The keys of the candidates that a critic is asked about.
  static func keys(_ request: CallRequest) -> [String] {
    request.inputs?["candidates"]?.array?.compactMap { $0["key"]?.string } ?? []
  }

  /// A review that keeps all but what is given by key: an action and its target.
  static func review(
    _ request: CallRequest, _ edits: [String: (action: String, target: String)] = [:],
    missing: [String] = []
  ) -> Answer {
    var members = JSONObject()
    for key in keys(request) {
      let edit = edits[key] ?? ("keep", "")
      members[key] = [
        "reason": "because", "action": .string(edit.action), "target": .string(edit.target),
      ]
    }
    if request.task == "review-children" {
      members["missing"] = .array(missing.map { .string($0) })
    }
    return .stop(JSON.object(members).text)
  }

  /// A teacher that gives every node the same number of children and whose critic keeps them all.
  static func even(
    _ count: Int,
    except script: @escaping @Sendable (CallRequest) throws(TeacherError) -> Answer? = { _ in nil }
  ) -> ScriptedTeacher {
    ScriptedTeacher { request throws(TeacherError) in
      if let answer = try script(request) { return answer }
      switch request.task {
      case "propose-children":
        return children((0..<count).map { "\(node(request)) \($0)" })
      case "plan-level": return .stop("{\"plan\":\"keep it even\"}")
      default: return review(request)
      }
    }
  }
}

extension Bench {
  /// Grows the tree of one factor.
  func grow(
    _ teacher: any Teacher, factor: String = "Fruit"
  ) async throws -> (taxonomy: Taxonomy, log: GrowthLog) {
    let log = GrowthLog()
    let root = Taxonomy.Node(
      id: NodeID(bornUnder: nil, name: factor), parent: nil, name: factor)
    let stage = TaxonomyStage(try asker(teacher), log: log, factor: root) {}
    return (try await stage.run(), log)
  }
}
