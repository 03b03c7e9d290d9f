import PlainText
import Testing

@testable import Camera

@Suite struct CaptureNewsTests {
  @Test func `the same words are told once, and again after others`() {
    var news = CaptureNews()
    let words = ["gone", "gone", "there", "gone", "gone"]
    #expect(words.map { news.isNews(TextBuilder(string: $0)) } == [true, false, true, true, false])
  }

  /// Milliseconds at which the node is denied, and whether that is told.
  @Test(arguments: [
    ([0, 100, 1999], [false, false, false]),
    ([0, 1000, 2000, 2500], [false, false, true, true]),
  ])
  func `a node that belongs to nobody yet is no trouble for two seconds`(
    times: [Int64],
    told: [Bool]
  ) {
    var news = CaptureNews()
    let found = times.map {
      news.isLastingTrouble(isDenied: true, nanoseconds: 5_000_000_000 + $0 * 1_000_000)
    }
    #expect(found == told)
  }

  @Test func `each replug has its two seconds`() {
    var news = CaptureNews()
    var told: [Bool] = []
    for replug in 0..<3 {
      let start = Int64(replug) * 10_000_000_000
      told.append(news.isLastingTrouble(isDenied: true, nanoseconds: start))
      told.append(news.isLastingTrouble(isDenied: true, nanoseconds: start + 1_500_000_000))
      _ = news.isLastingTrouble(isDenied: false, nanoseconds: start + 1_600_000_000)
    }
    #expect(told == [false, false, false, false, false, false])
  }

  @Test func `other trouble is told at once`() {
    var news = CaptureNews()
    let isTold = news.isLastingTrouble(isDenied: false, nanoseconds: 0)
    #expect(isTold)
  }
}
