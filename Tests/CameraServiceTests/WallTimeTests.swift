import Foundation
import PlainText
import Testing

@testable import CameraService

@Suite struct WallTimeTests {
  @Test(arguments: [
    0, 1, 951_782_399, 951_782_400, 951_868_800, 1_709_164_800, 1_709_251_199, 1_763_847_563,
    4_107_542_399, 4_107_542_400, 253_402_300_799,
  ])
  func `moments are those of Foundation`(_ seconds: Int) {
    var text = TextBuilder()
    let nanoseconds =
      min(Int64(seconds), Int64.max / 1_000_000_000 - 1) * 1_000_000_000 + 123_456_789
    WallTime(nanoseconds: nanoseconds).append(to: &text)
    let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    let date = Date(timeIntervalSince1970: Double(nanoseconds / 1_000_000_000))
    #expect(text.string == date.formatted(format).replacing(".000Z", with: ".123Z"))
  }

  @Test func `a file's name has no marks`() {
    var text = TextBuilder()
    WallTime(nanoseconds: 1_763_847_563_123_000_000).appendCompact(to: &text)
    #expect(text.string == "20251122T213923123Z")
  }
}
