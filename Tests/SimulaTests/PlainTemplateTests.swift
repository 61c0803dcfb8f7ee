import CanonicalJSON
import Mustache
import Prompts
import Testing

@testable import Simula

/// Plain templates render what Mustache renders, or leave it to Mustache.
@Suite("Plain templates")
struct PlainTemplateTests {
  private static let variables: [JSONObject] = [
    JSONObject([
      ("description", "Word & problems <of> \"everyday\" life\nin two lines"), ("count", 4),
      ("scenario", "a {{scenario}} with tags"), ("sample", "{\"a\":1}"), ("schema", "{}"),
      (
        "requirements",
        [
          ["factor": "Topic", "name": "sums", "path": "sums > small"],
          ["factor": "Setting", "name": "shop", "path": "shop"],
        ]
      ), ("examples", ["one", "two"]), ("question", "What is 1 + 1?"), ("answer", "2"),
      ("draft", "…é\u{301}"), ("explanation", ""),
    ]),
    JSONObject([("requirements", []), ("examples", []), ("count", 0), ("answer", -3)]),
    JSONObject(),
    JSONObject([("requirements", ["factor": "object", "path": true]), ("examples", [["x": 1]])]),
    JSONObject([("requirements", true), ("examples", false), ("answer", 0.5), ("question", nil)]),
    JSONObject([("requirements", "text"), ("examples", 3), ("scenario", ["a", "b"])]),
  ]

  private static func check(_ text: String) throws -> Int {
    let mustache = try MustacheTemplate(string: "{{% CONTENT_TYPE:TEXT}}" + text)
    guard let plain = PlainTemplate(text) else { return 0 }
    var count = 0
    for variables in variables {
      guard let rendered = plain.render(variables) else { continue }
      #expect(rendered == mustache.render(PromptTemplate.plain(.object(variables))), "\(text)")
      count += 1
    }
    return count
  }

  @Test("The prompts of slots are plain and say the same as through Mustache")
  func builtIn() throws {
    let slots = [
      "meta-prompts", "complexify", "generate", "refine", "judge-requirements", "ask-correct",
      "ask-incorrect", "solve", "solve-check",
    ]
    for prompt in BuiltInPrompt.all {
      let part = try #require(prompt.text.firstRange(of: "### user\n"))
      let count = try Self.check(String(prompt.text[part.upperBound...].dropLast()))
      #expect(!slots.contains(prompt.task) || count >= 3, "\(prompt.task)")
    }
  }

  @Test(
    "Lines, blanks and nesting come out as through Mustache",
    arguments: [
      "a{{count}}b", "{{count}}", "  {{count}}  \n x", "a\n{{#examples}}\n- {{.}}\n{{/examples}}",
      "a\n{{#examples}}\n{{/examples}}\n\nb", "a\n{{#examples}}\n\n{{.}}\n\n{{/examples}}\nb\n",
      "a\n{{^examples}}\nnone {{count}}\n{{/examples}}\nb", "a {{missing}} b {{examples.x}}",
      "a\n{{#requirements}}\n{{#examples}}\n{{factor}} {{.}} {{answer}}\n{{/examples}}\n{{/requirements}}",
      "a\n{{#requirements}}\n{{.}} {{path}}\n{{/requirements}}", "a { {{ count }} } {{{count}}}",
      "a }} {{count}} }} b", "a\n  {{#examples}}\n{{.}}\n  {{/examples}}",
      "a {{#count}}x{{/count}}",
      "a\n{{! a comment }}\nb", "a\r\n{{#examples}}\r\n{{.}}\r\n{{/examples}}\r\n",
      "é{{count}} \u{301}",
      "a\u{2028}{{count}}\u{85}b",
      "a\n{{#examples}}\nx\n{{/examples}}\n{{#examples}}\ny\n{{/examples}}",
    ])
  func shapes(text: String) throws { _ = try Self.check(text) }

  @Test(
    "What begins with a section, a blank line or white space, and what does not close, is not plain",
    arguments: [
      "", "\na", " a", "{{#examples}}\n{{/examples}}", "a\n{{#examples}}\n", "a\n{{/examples}}\n",
      "a\n{{#examples}}\n{{/count}}\n", "a {{", "a {{> partial}}", "a {{=<% %>=}}", "a {{&count}}",
      "a\n ", "{{count}}\n\t", "a\n\n  \t",
    ])
  func others(text: String) { #expect(PlainTemplate(text) == nil) }
}
