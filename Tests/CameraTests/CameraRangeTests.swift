import CVideo
import Testing

@testable import Camera

/// Sizes and rates of drivers that offer ranges.
struct CameraRangeTests {
  static func size(
    _ range: SizeRange,
    present: (width: Int, height: Int),
    _ change: (inout CameraOptions) -> Void = { _ in }
  ) -> [Int] {
    var options = CameraOptions()
    change(&options)
    let size = range.size(for: options, present: present)
    return [size.width, size.height]
  }

  static let any = SizeRange(width: 16...1920, height: 16...1080, widthStep: 2, heightStep: 2)

  @Test func `a driver of any size keeps its present one`() {
    #expect(Self.size(Self.any, present: (1280, 720)) == [1280, 720])
  }

  @Test func `a present size that is too small grows in proportion`() {
    #expect(Self.size(Self.any, present: (160, 120)) == [300, 224])
    #expect(Self.size(Self.any, present: (120, 160)) == [224, 300])
  }

  @Test func `nothing beyond the range is asked for`() {
    let size = Self.size(Self.any, present: (160, 120)) {
      $0.neededWidth = 5000
      $0.neededHeight = 5000
    }
    #expect(size == [1920, 1080])
  }

  @Test func `a configured size is rounded up to the steps`() {
    let range = SizeRange(width: 32...640, height: 32...480, widthStep: 16, heightStep: 8)
    let size = Self.size(range, present: (640, 480)) {
      $0.width = 301
      $0.height = 225
    }
    #expect(size == [304, 232])
  }

  @Test func `a range whose steps do not reach its end stays inside`() {
    let range = SizeRange(width: 10...100, height: 10...100, widthStep: 64, heightStep: 200)
    #expect(Self.size(range, present: (100, 100)) == [74, 10])
  }

  @Test func `a driver without a present size gets a common one`() {
    #expect(Self.size(Self.any, present: (0, 0)) == [640, 480])
  }

  @Test(
    arguments: [
      (0, 640, 480, 480), (640, 320, 480, 480), (640, 640, 0, 480), (640, 640, 481, 480),
      (20_000, 30_000, 480, 480),
    ] as [(UInt32, UInt32, UInt32, UInt32)]
  )
  func `sizes that make no sense are passed over`(
    minWidth: UInt32,
    maxWidth: UInt32,
    minHeight: UInt32,
    maxHeight: UInt32
  ) {
    let sizes = cv_sizes(
      min_width: minWidth,
      max_width: maxWidth,
      step_width: 0,
      min_height: minHeight,
      max_height: maxHeight,
      step_height: 0
    )
    #expect(SizeRange(sizes) == nil)
  }

  @Test func `a range without end and steps is bounded`() throws {
    let sizes = cv_sizes(
      min_width: 1,
      max_width: .max,
      step_width: .max,
      min_height: 1,
      max_height: .max,
      step_height: 0
    )
    let range = try #require(SizeRange(sizes))
    #expect(range.width == 1...16384)
    #expect(range.heightStep == 1)
    #expect(Self.size(range, present: (0, 0)) == [1, 480])
  }

  static func rate(
    _ offers: [(UInt32, UInt32)],
    isRange: Bool = false,
    wish: Int = 30
  ) -> [UInt32] {
    var choice = RateChoice()
    for offer in offers {
      choice.consider(numerator: offer.0, denominator: offer.1, isRange: isRange, rate: wish)
    }
    return [choice.interval.numerator, choice.interval.denominator]
  }

  @Test func `the slowest rate that reaches the wish is taken`() {
    #expect(Self.rate([(1, 60), (1, 30), (1, 15)]) == [1, 30])
    #expect(Self.rate([(1, 15), (1, 30), (1, 60)]) == [1, 30])
    #expect(Self.rate([(1001, 30000), (1, 60)]) == [1001, 30000])
  }

  @Test func `the fastest is taken where none reaches the wish`() {
    #expect(Self.rate([(1, 5), (1, 10), (2, 15)]) == [1, 10])
  }

  @Test func `a range that reaches the wish gives just that`() {
    #expect(Self.rate([(1, 120)], isRange: true, wish: 25) == [1, 25])
    #expect(Self.rate([(1, 20)], isRange: true, wish: 25) == [1, 20])
  }

  @Test func `intervals of nothing are passed over`() {
    #expect(Self.rate([(0, 30), (1, 0)]) == [0, 0])
  }

  @Test func `intervals at the end of the numbers do not overflow`() {
    var choice = RateChoice()
    choice.consider(numerator: 1, denominator: .max, isRange: false, rate: 30)
    #expect(choice.milliHertz == 10_000_000)
    choice.consider(numerator: .max, denominator: 1, isRange: false, rate: 30)
    #expect(choice.milliHertz == 10_000_000)
  }
}
