/// Stands in for a model whose key is not set: recorded answers need none.
package struct KeylessTeacher: Teacher {
  let variable: String

  /// - Parameter variable: The environment variable that should hold the key.
  package init(variable: String) { self.variable = variable }

  var error: TeacherError {
    TeacherError(
      .unauthorized, "the environment variable '\(variable)' holds no API key",
      hint: "set it and run again: export \(variable)=...")
  }

  package func reply(to request: CallRequest) async throws(TeacherError) -> Reply { throw error }
}
