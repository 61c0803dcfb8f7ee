import CanonicalJSON
import Testing

@testable import Teachers

@Suite("A request in a batch")
struct BatchedRequestTests {
  @Test("is read back as it was written")
  func roundTrip() throws {
    let form = RequestForm(request("What is 2 + 2?", draw: "slot 1"))
    let line = BatchedRequest(form).line
    let read = try #require(BatchedRequest(line: line.dropLast())).form
    #expect(read.key == form.key && read.json == form.json)
    #expect(BatchedRequest.name(in: line.dropLast()) == form.key.description)
  }

  @Test("keeps the key of the program that asked, whatever later ones build")
  func otherBuilder() throws {
    let asked = request("What is 2 + 2?", draw: "slot 1")
    let builder = CallRequest.builderVersion + 7
    let key = CallKey(of: asked, canonicalInputs: nil, builder: builder)
    var json = try #require(asked.json.object)
    json["builder"] = JSON(builder)
    let bytes = JSON.object(json).canonicalBytes
    let line = BatchedRequest(RequestForm(asked, key: key, json: bytes)).line
    let read = try #require(BatchedRequest(line: line.dropLast())).form
    #expect(read.key == key && read.key != CallKey(of: asked))
    #expect(read.json == bytes)
  }

  @Test(
    "is none where the line is cut or its name is that of another",
    arguments: ["", "{", #"{"name":"x","request":{}}"#])
  func damaged(line: String) {
    #expect(BatchedRequest(line: Array(line.utf8)) == nil)
    let form = RequestForm(request("What is 2 + 2?"))
    var bytes = Array(BatchedRequest(form).line.dropLast())
    #expect(BatchedRequest(line: bytes.dropLast(3)) == nil)
    bytes[12] ^= 1
    #expect(BatchedRequest(line: bytes) == nil)
  }
}
