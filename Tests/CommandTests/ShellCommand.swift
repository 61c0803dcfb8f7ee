import Foundation
import Subprocess
import TestSupport

/// Runs a script of the shell in a directory, for what other programs make of a dataset.
func shell(
  _ script: String, in directory: URL, variables: [String: String] = [:]
) async throws -> StemmaProgram.Output {
  var program = StemmaProgram(in: directory, variables: variables)
  // The path of the built program becomes the script's own name.
  program.wrapper = ["sh", "-c", script]
  return try await program.run([])
}
