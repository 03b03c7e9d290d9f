import Testing

@testable import Camera

/// Which of a camera's modes is chosen.
struct CameraModeTests {
  /// A mode of four letters, columns, rows, and frames a second.
  static func mode(_ letters: String, _ width: Int, _ height: Int, _ rate: Int?) -> CameraMode {
    CameraMode(
      code: PixelCode(letters: letters)!,
      width: width,
      height: height,
      milliHertz: rate.map { $0 * 1000 }
    )
  }

  /// What common webcams offer: raw frames get slow where they get large.
  static let webcam = [
    mode("MJPG", 1920, 1080, 30), mode("MJPG", 1280, 720, 30), mode("MJPG", 640, 480, 30),
    mode("MJPG", 320, 240, 30), mode("YUYV", 1920, 1080, 5), mode("YUYV", 1280, 720, 10),
    mode("YUYV", 640, 480, 30), mode("YUYV", 320, 240, 30), mode("YUYV", 160, 120, 30),
  ]

  static func chosen(
    _ modes: [CameraMode],
    _ change: (inout CameraOptions) -> Void = { _ in }
  ) -> CameraMode? {
    var options = CameraOptions()
    change(&options)
    return CameraMode.choice(of: modes, for: options).map { modes[$0] }
  }

  @Test func `the smallest raw size that covers the model is chosen`() {
    #expect(Self.chosen(Self.webcam) == Self.mode("YUYV", 320, 240, 30))
  }

  @Test func `a larger model takes the next size`() {
    let mode = Self.chosen(Self.webcam) {
      $0.neededWidth = 342
      $0.neededHeight = 342
    }
    #expect(mode == Self.mode("YUYV", 640, 480, 30))
  }

  @Test func `MJPEG is chosen where raw frames of the size are too slow`() {
    let mode = Self.chosen(Self.webcam) {
      $0.width = 1280
      $0.height = 720
    }
    #expect(mode == Self.mode("MJPG", 1280, 720, 30))
  }

  @Test func `raw frames are chosen where they are fast enough for the wish`() {
    let mode = Self.chosen(Self.webcam) {
      $0.width = 1280
      $0.height = 720
      $0.rate = 10
    }
    #expect(mode == Self.mode("YUYV", 1280, 720, 10))
  }

  @Test func `a model larger than every size takes the largest that is fast enough`() {
    let mode = Self.chosen(Self.webcam) {
      $0.neededWidth = 4000
      $0.neededHeight = 4000
    }
    #expect(mode == Self.mode("MJPG", 1920, 1080, 30))
  }

  @Test func `a rate that no mode reaches takes the fastest`() {
    let modes = [Self.mode("YUYV", 640, 480, 10), Self.mode("YUYV", 1280, 720, 15)]
    #expect(Self.chosen(modes) == modes[1])
  }

  @Test func `29.97 frames a second reach 30`() {
    var modes = [Self.mode("YUYV", 640, 480, 29), Self.mode("MJPG", 640, 480, 60)]
    modes[0].milliHertz = 29_970
    #expect(Self.chosen(modes) == modes[0])
  }

  @Test func `a rate that the driver does not tell counts as fast enough`() {
    let modes = [Self.mode("MJPG", 640, 480, 30), Self.mode("YUYV", 640, 480, nil)]
    #expect(Self.chosen(modes) == modes[1])
  }

  @Test func `a configured format is the only one considered`() {
    #expect(Self.chosen(Self.webcam) { $0.format = PixelCode(letters: "MJPG") }?.width == 320)
    #expect(Self.chosen(Self.webcam) { $0.format = PixelCode(letters: "NV12") } == nil)
  }

  @Test func `no modes give no choice`() {
    #expect(Self.chosen([]) == nil)
  }

  @Test(arguments: [
    ((640, 0), 640, 480), ((0, 720), 1280, 720), ((700, 500), 1280, 720),
    ((9999, 9999), 1920, 1080),
  ])
  func `a configured size takes the nearest that is not smaller`(
    wish: (Int, Int),
    width: Int,
    height: Int
  ) {
    let mode = Self.chosen(Self.webcam) {
      ($0.width, $0.height) = wish
      $0.rate = 5
    }
    #expect(mode?.width == width)
    #expect(mode?.height == height)
  }

  @Test func `grey is the last resort of a model of colours and the first of a model of luma`() {
    let modes = ["GREY", "YVYU", "MJPG", "YUYV"].map { Self.mode($0, 640, 480, 30) }
    #expect(Self.chosen(modes) == modes[3])
    #expect(Self.chosen(modes) { $0.isGreyEnough = true } == modes[0])
    #expect(Self.chosen(Array(modes[0...1])) == modes[1])
    #expect(Self.chosen([modes[0]]) == modes[0])
  }

  @Test func `formats that need no conversion come first even if larger`() {
    let modes = [Self.mode("RGGB", 640, 480, 30), Self.mode("MJPG", 1280, 720, 30)]
    #expect(Self.chosen(modes) == modes[1])
  }

  @Test func `at one size and rate the cheapest format wins`() {
    let order = ["YUYV", "UYVY", "NV12", "NV21", "YU12", "RGB3", "BGR3", "MJPG", "YV12"]
    for start in order.indices {
      let modes = order[start...].reversed().map { Self.mode($0, 640, 480, 30) }
      #expect(Self.chosen(modes) == Self.mode(order[start], 640, 480, 30))
    }
  }

  @Test func `a bus without bandwidth makes MJPEG the first of a size`() {
    var options = CameraOptions()
    options.width = 640
    options.height = 480
    let choice = CameraMode.choice(of: Self.webcam, for: options, isBandwidthShort: true)
    #expect(choice.map { Self.webcam[$0] } == Self.mode("MJPG", 640, 480, 30))
  }

  /// The rule, written as filters one after the other.
  static func oracle(_ modes: [CameraMode], _ options: CameraOptions) -> CameraMode? {
    func keep(_ modes: [CameraMode], _ value: (CameraMode) -> Int) -> [CameraMode] {
      let best = modes.map(value).min()
      return modes.filter { value($0) == best }
    }
    var left = modes
    func covers(_ mode: CameraMode) -> Bool {
      mode.width >= options.neededWidth && mode.height >= options.neededHeight
    }
    left = keep(left) { covers($0) ? 0 : 1 }
    left = keep(left) { -min($0.milliHertz ?? 30_000, 28_500) }
    if !options.isGreyEnough { left = keep(left) { $0.code.format == .grey ? 1 : 0 } }
    left = keep(left) { $0.code.format == nil ? 1 : 0 }
    left = keep(left) { covers($0) ? $0.width * $0.height : -$0.width * $0.height }
    let costs: [FrameFormat] = [
      .grey, .yuyv, .uyvy, .nv12, .nv21, .yu12, .rgb, .bgr, .jpeg,
    ]
    return keep(left) { mode in costs.firstIndex { $0 == mode.code.format } ?? 99 }.first
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func `random cameras are judged as the rule says`(seed: UInt64) {
    var random = Random(state: seed)
    let letters = ["GREY", "YUYV", "UYVY", "NV12", "YU12", "RGB3", "MJPG", "YVYU", "RGGB"]
    let modes = (0..<Int(random.next() % 12)).map { _ in
      Self.mode(
        letters[Int(random.next() % 9)],
        [160, 320, 640, 1280][Int(random.next() % 4)],
        [120, 240, 480, 720][Int(random.next() % 4)],
        [nil, 5, 15, 29, 30, 60][Int(random.next() % 6)]
      )
    }
    var options = CameraOptions()
    options.neededWidth = [96, 224, 700][Int(random.next() % 3)]
    options.neededHeight = options.neededWidth
    options.isGreyEnough = random.next() % 2 == 0
    let choice = CameraMode.choice(of: modes, for: options).map { modes[$0] }
    #expect(choice == Self.oracle(modes, options))
  }
}

/// Marsaglia's xorshift, seeded.
struct Random {
  var state: UInt64

  mutating func next() -> UInt64 {
    if state == 0 { state = 0x9E37_79B9_7F4A_7C15 }
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state >> 16
  }
}
