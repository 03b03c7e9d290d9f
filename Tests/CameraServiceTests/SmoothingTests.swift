import Testing

@testable import CameraService

@Suite struct SmoothingTests {
  private static let frame: Int64 = 33_333_333

  private func settings(
    time: Int = 0,
    majority: Int = 1,
    minimum: Double = 0.5,
    hysteresis: Double = 0
  ) -> ResultSettings {
    var settings = ResultSettings()
    settings.smoothingMilliseconds = time
    settings.majority = majority
    settings.minimumScore = minimum
    settings.hysteresis = hysteresis
    return settings
  }

  /// The labels that frames of these scores, a thirtieth of a second apart, lead to; -1 for none.
  private func labels(_ settings: ResultSettings, _ frames: [[Float]]) -> [Int] {
    var smoothing = Smoothing(settings, classes: frames[0].count)
    var labels: [Int] = []
    for (index, scores) in frames.enumerated() {
      let decision = scores.withUnsafeBufferPointer {
        smoothing.add($0, nanoseconds: Int64(index) * Self.frame)
      }
      let label = decision.label ?? -1
      #expect(decision.isChanged == (index == 0 || label != labels[index - 1]))
      labels.append(label)
    }
    return labels
  }

  @Test func `without smoothing each frame has its best class, and none below the minimum`() {
    let frames: [[Float]] = [[0.9, 0.1], [0.2, 0.8], [0.45, 0.4], [0.5, 0.5]]
    #expect(labels(settings(), frames) == [0, 1, -1, 0])
  }

  @Test func `an average forgets by half in about its time constant`() {
    var smoothing = Smoothing(settings(time: 1000), classes: 1)
    var score: Float = 0
    for index in 0...30 {
      let input: [Float] = [index == 0 ? 1 : 0]
      score = input.withUnsafeBufferPointer {
        smoothing.add($0, nanoseconds: Int64(index) * 33_333_333).score
      }
    }
    // The recursion by hand: 30 steps of 1 − α, α = Δt ÷ (τ + Δt) = 1 ÷ 31.
    var expected: Float = 1
    for _ in 0..<30 { expected *= 30.0 / 31.0 }
    #expect(abs(score - expected) < 1e-4)
    #expect(expected > 0.36 && expected < 0.39)
  }

  @Test func `time decides, not the number of frames`() {
    var fast = Smoothing(settings(time: 500), classes: 1)
    var slow = Smoothing(settings(time: 500), classes: 1)
    var (a, b): (Float, Float) = (0, 0)
    for index in 0...1000 {
      let input: [Float] = [index == 0 ? 0 : 1]
      a = input.withUnsafeBufferPointer {
        fast.add($0, nanoseconds: Int64(index) * 1_000_000).score
      }
    }
    for index in 0...100 {
      let input: [Float] = [index == 0 ? 0 : 1]
      b = input.withUnsafeBufferPointer {
        slow.add($0, nanoseconds: Int64(index) * 10_000_000).score
      }
    }
    #expect(abs(a - b) < 0.01)
    #expect(abs(a - 0.865) < 0.01)
  }

  @Test func `the majority of the last frames wins, the newest one among equals`() {
    let (a, b): ([Float], [Float]) = ([0.9, 0.1], [0.1, 0.9])
    let frames = [a, a, b, a, b, b, b, a, a]
    // The last three of each, by hand. The class must have the minimum score in the frame at hand too, so 0.
    #expect(
      labels(settings(majority: 3, minimum: 0), frames) == [0, 0, 0, 0, 1, 1, 1, 1, 0]
    )
  }

  @Test func `a label stays until another is higher by the hysteresis`() {
    let frames: [[Float]] = [
      [0.6, 0.4], [0.5, 0.55], [0.46, 0.54], [0.4, 0.6], [0.5, 0.58], [0.44, 0.4], [0.0, 0.39],
    ]
    #expect(
      labels(settings(minimum: 0.5, hysteresis: 0.1), frames) == [0, 0, 0, 1, 1, 1, -1]
    )
  }

  @Test func `scores that are no numbers count as nothing`() {
    let frames: [[Float]] = [[.nan, 0.7], [.nan, .nan], [0.8, 0.1]]
    #expect(labels(settings(), frames) == [1, -1, 0])
  }

  @Test func `a clock that stands still or runs backwards does no harm`() {
    var smoothing = Smoothing(settings(time: 500), classes: 2)
    for time: Int64 in [1000, 1000, 500, 2000] {
      let scores: [Float] = [0.9, 0.1]
      let decision = scores.withUnsafeBufferPointer { smoothing.add($0, nanoseconds: time) }
      #expect(decision.label == 0)
    }
  }
}
