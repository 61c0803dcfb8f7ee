import Pipeline
import Testing

@Suite("how a run says where it is")
struct RunProgressTests {
  private static func line(
    _ done: Int, of total: Int?, asked: Int = 0, cached: Int = 0, seconds: Double
  ) -> String {
    RunProgress(stage: "samples", done: done, total: total, asked: asked, cached: cached)
      .line(elapsed: .seconds(seconds))
  }

  @Test("a fast stage shows units a second, a slow one the seconds of a unit")
  func pace() {
    #expect(Self.line(5000, of: nil, seconds: 10) == "samples  5000  500/s")
    #expect(Self.line(20, of: nil, seconds: 10) == "samples  20  2.0/s")
    #expect(Self.line(5, of: nil, seconds: 10) == "samples  5  0.5/s")
    #expect(Self.line(4, of: nil, seconds: 10) == "samples  4  2 s each")
    #expect(Self.line(3, of: nil, seconds: 150) == "samples  3  50 s each")
  }

  @Test("a known total gives a bar and the time left")
  func total() {
    #expect(
      Self.line(5, of: 20, asked: 3, cached: 1, seconds: 300)
        == "samples  [#####...............] 5/20  60 s each  15:00 left  3 asked, cache 25%")
    var progress = RunProgress(stage: "samples", done: 5, total: nil, asked: 3, cached: 0)
    progress.inFlight = 12
    progress.retries = 1
    progress.tokens = 1_234_567
    progress.money = 3.456
    #expect(
      progress.line(elapsed: .seconds(10))
        == "samples  5  0.5/s  3 asked, cache 0%  12 in flight  1 retry  cost 3.46  1.2M tokens")
    #expect(Self.line(10, of: 10, seconds: 1) == "samples  [####################] 10/10  10/s")
    #expect(Self.line(1, of: 101, seconds: 60).hasSuffix("60 s each  1:40:00 left"))
  }

  @Test("nothing is said of pace or time before there is any")
  func start() {
    #expect(Self.line(0, of: 10, seconds: 9) == "samples  [....................] 0/10")
    #expect(Self.line(0, of: nil, seconds: 0) == "samples  0")
    #expect(Self.line(3, of: 10, seconds: 0.1) == "samples  [######..............] 3/10")
  }
}
