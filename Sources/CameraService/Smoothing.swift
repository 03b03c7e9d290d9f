/// Makes a label that stays of scores that flicker.
///
/// In order: each class's score is averaged over time, `s += α (x − s)` with `α = Δt ÷ (τ + Δt)`, which is the backward Euler
/// step of a first-order low-pass filter of time constant τ and needs no exponential; the best class of each frame is put to
/// the vote of the last N; the winner needs the minimum score, and to replace a label that is still above
/// `minimum − hysteresis` it needs to be `hysteresis` higher. Equal input gives equal labels on every machine.
/// Allocates in `init` alone.
struct Smoothing: ~Copyable {
  /// What a frame led to.
  struct Decision: Equatable {
    /// The class, nil where none has the minimum score.
    var label: Int?
    /// The averaged score of that class, of the best one where there is none.
    var score: Float
    /// Whether the label is another than after the last frame; true after the first.
    var isChanged: Bool
  }

  private let timeConstantSeconds: Float
  private let minimum: Float
  private let hysteresis: Float
  /// Averaged scores.
  private let averages: UnsafeMutableBufferPointer<Float>
  /// The best classes of the last frames, a ring.
  private let winners: UnsafeMutableBufferPointer<Int32>
  /// How often each class is in the ring.
  private let votes: UnsafeMutableBufferPointer<UInt16>
  private var winnerCount = 0
  private var nextWinner = 0
  private var lastTime: Int64?
  private var label: Int?

  /// Smoothing for `classes` (at least 1) classes.
  init(_ settings: ResultSettings, classes: Int) {
    timeConstantSeconds = Float(settings.smoothingMilliseconds) / 1000
    minimum = Float(settings.minimumScore)
    hysteresis = Float(settings.hysteresis)
    averages = .allocate(capacity: classes)
    averages.initialize(repeating: 0)
    winners = .allocate(capacity: settings.majority)
    winners.initialize(repeating: 0)
    votes = .allocate(capacity: classes)
    votes.initialize(repeating: 0)
  }

  deinit {
    averages.deallocate()
    winners.deallocate()
    votes.deallocate()
  }

  /// Averaged scores, one a class.
  var scores: UnsafeBufferPointer<Float> { UnsafeBufferPointer(averages) }

  /// Takes the scores of a frame that was taken at this time of the monotonic clock.
  ///
  /// Traps if there are fewer than classes. A score that is not a number counts as 0.
  mutating func add(_ scores: UnsafeBufferPointer<Float>, nanoseconds: Int64) -> Decision {
    precondition(scores.count >= averages.count, "a score a class")
    let isFirst = lastTime == nil
    average(scores, nanoseconds)
    let best = vote(bestAverage())
    let before = label
    label = decide(best)
    return Decision(
      label: label,
      score: averages[label ?? best],
      isChanged: isFirst || label != before
    )
  }

  @_optimize(speed)
  private mutating func average(_ scores: UnsafeBufferPointer<Float>, _ nanoseconds: Int64) {
    var alpha: Float = 1
    if let lastTime {
      let seconds = Float(max(0, nanoseconds - lastTime)) / 1e9
      let whole = timeConstantSeconds + seconds
      alpha = whole > 0 ? seconds / whole : 1
      if timeConstantSeconds == 0 { alpha = 1 }
    }
    lastTime = nanoseconds
    for index in averages.indices {
      let score = scores[index]
      averages[index] += alpha * ((score == score ? score : 0) - averages[index])
    }
  }

  @_optimize(speed)
  private func bestAverage() -> Int {
    var best = 0
    for index in averages.indices where averages[index] > averages[best] { best = index }
    return best
  }

  /// Adds a frame's best class to the ring and returns the class that most frames had; the newest one's among equals.
  private mutating func vote(_ best: Int) -> Int {
    guard winners.count > 1 else { return best }
    if winnerCount == winners.count {
      votes[Int(winners[nextWinner])] -= 1
    } else {
      winnerCount += 1
    }
    winners[nextWinner] = Int32(truncatingIfNeeded: best)
    votes[best] += 1
    nextWinner = (nextWinner + 1) % winners.count
    var winner = best
    for index in votes.indices where votes[index] > votes[winner] { winner = index }
    return winner
  }

  private func decide(_ best: Int) -> Int? {
    if let label, averages[label] >= minimum - hysteresis {
      let isBetter = averages[best] >= minimum && averages[best] > averages[label] + hysteresis
      return isBetter ? best : label
    }
    return averages[best] >= minimum ? best : nil
  }
}
