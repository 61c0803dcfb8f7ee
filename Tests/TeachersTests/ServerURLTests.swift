import Testing

@testable import Teachers

@Suite("ServerURL")
struct ServerURLTests {
  @Test(
    "an address is read, with or without a slash at its end",
    arguments: [
      "http://127.0.0.1:8091/v1",
      "http://127.0.0.1:8091/v1/",
      "https://api.openai.com/v1",
      "http://Localhost/v1",
      "https://example.org/a/b/v1beta/openai//",
    ])
  func reads(text: String) throws {
    let url = try ServerURL(text, place: "teachers.judge")
    let trimmed = String(text.reversed().drop { $0 == "/" }.reversed())
    #expect(url.base == trimmed)
  }

  @Test("an address of IP version 6 is read")
  func version6() throws {
    let url = try ServerURL("http://[::1]:8080/v1", place: "teachers.judge")
    #expect(url.base == "http://[::1]:8080/v1")
  }

  @Test(
    "an address that cannot work is an error that says why",
    arguments: [
      ("", "the base URL '' does not start with http:// or https://"),
      ("localhost:8080/v1", "the base URL 'localhost:8080/v1' does not start with http"),
      ("ftp://example.org/v1", "the base URL 'ftp://example.org/v1' does not start with http"),
      ("http:///v1", "the base URL 'http:///v1' names no host"),
      ("http://exa mple.org/v1", "the base URL 'http://exa mple.org/v1' is not a URL"),
      ("http://example.org:99999/v1", "the base URL 'http://example.org:99999/v1'"),
      ("http://example.org/v1?a=secret", "the base URL 'http://example.org/v1' has a part after"),
      ("http://example.org/v1#secret", "the base URL 'http://example.org/v1' has a part after"),
      ("http://me:secret@example.org/v1", "the base URL holds '@'"),
      ("me:secret@example.org/v1", "the base URL holds '@'"),
      (
        "http://example.org/v1/chat/completions",
        "the base URL 'http://example.org/v1/chat/completions' ends in '/chat/completions'"
      ),
    ])
  func refuses(text: String, message: String) throws {
    let error = #expect(throws: TeacherError.self) {
      try ServerURL(text, place: "teachers.judge")
    }
    #expect(error?.code == .unusable)
    #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    #expect(error?.hint?.contains("teachers.judge") == true)
    #expect(!"\(try #require(error))".contains("secret"))
  }

  @Test(
    "a name that a server or a recipe gives stays one step of a path",
    arguments: [
      ("gpt-4.1_x~", "gpt-4.1_x~"), ("a/b", "a%2Fb"), ("..", "%2E%2E"),
      ("a b?c#d", "a%20b%3Fc%23d"),
      ("é\n", "%C3%A9%0A"),
    ])
  func step(name: String, step: String) {
    #expect(ServerURL.step(name) == step)
  }
}
