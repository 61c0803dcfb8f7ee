import Foundation
import TestSupport
import Testing

@Suite("a server that cannot be reached")
struct ConnectionFaultTests {
  @Test("a name that nobody knows is named with the address")
  func unknownName() async throws {
    let output = try await run(baseURL: "http://models.stemma.invalid:8080/v1")
    #expect(
      output.errorText.contains(
        "stemma: cannot reach 'http://models.stemma.invalid:8080/v1': the host's name is not known"),
      "\(output.errorText)")
    #expect(
      output.errorText.contains("hint: start the server or correct teachers.default.base-url"))
  }

  @Test("a server without TLS behind https is told of")
  func noTLS() async throws {
    try await withFakeChatServer { server in
      let url = server.baseURL.replacing("http:", with: "https:")
      let output = try await run(baseURL: url)
      #expect(
        output.errorText.contains(
          "stemma: cannot reach '\(url)': the TLS handshake failed: wrong version number"),
        "\(output.errorText)")
      #expect(server.requestCount == 0)
    }
  }

  @Test("a certificate that nobody vouches for is told of, and nothing is sent")
  func unknownCertificate() async throws {
    // The server takes any free port, which becomes that of the recipe.
    let script = """
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \\
        -subj /CN=localhost -keyout ../key.pem -out ../certificate.pem >../log 2>&1 || exit 90
      openssl s_server -accept 127.0.0.1:0 -key ../key.pem -cert ../certificate.pem \\
        -www >../log 2>&1 &
      trap "kill $!" EXIT
      until grep -q ACCEPT ../log; do sleep 0.1; kill -0 $! || exit 91; done
      port=$(sed -n 's/^ACCEPT.*:\\([0-9]*\\)$/\\1/p' ../log)
      sed -i "s/PORT/$port/" recipe.yaml
      "$0" run
      """
    let output = try await run(baseURL: "https://127.0.0.1:PORT/v1", wrapper: ["sh", "-c", script])
    #expect(
      output.errorText.contains(
        #/stemma: cannot reach 'https://127.0.0.1:\d+/v1': the TLS handshake failed: certificate verify failed/#
      ), "\(output.errorText)")
  }

  /// A run that must fail.
  private func run(baseURL: String, wrapper: [String] = []) async throws -> StemmaProgram.Output {
    try await withTemporaryDirectory { parent in
      let recipe = TestRecipe(baseURL: baseURL)
      var dataset = try await TestDataset.make(in: parent, recipe)
      let head = try await dataset.head()
      dataset.stemma.wrapper = wrapper
      let output = try await dataset.stemma.run(wrapper.isEmpty ? ["run"] : [])
      #expect(output.exitCode == 1, "\(output.errorText)")
      dataset.stemma.wrapper = []
      #expect(try await dataset.head() == head)
      try await dataset.expectSound(isCommitted: false)
      return output
    }
  }
}
