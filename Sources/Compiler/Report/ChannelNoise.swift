/// What the channels of one output were like, float against int8, over the compared images.
struct ChannelNoise {
  /// Largest magnitude of each channel in float.
  private(set) var reach: [Float]
  private var shift: [Double]
  private var count = 0
  private var noise = 0.0

  init(channels: Int) {
    reach = [Float](repeating: 0, count: channels)
    shift = [Double](repeating: 0, count: channels)
  }

  /// Adds an output, channels last; `differences` are int8's values less the float ones.
  mutating func add(_ values: [Float], differences: [Double]) {
    let channels = reach.count
    guard channels > 0, values.count % channels == 0 else { return }
    for start in stride(from: 0, to: values.count, by: channels) {
      for channel in 0..<channels {
        reach[channel] = max(reach[channel], abs(values[start + channel]))
        shift[channel] += differences[start + channel]
        noise += differences[start + channel] * differences[start + channel]
      }
    }
    count += values.count / channels
  }

  /// Share of the noise that is a constant of each channel, 0…1; 0 where nothing can be told.
  ///
  /// Of n values that have nothing in common the mean still holds a share of 1 ÷ n, which is taken off.
  var shiftShare: Double {
    guard noise > 0, count > 1 else { return 0 }
    let chance = 1 / Double(count)
    let share = shift.reduce(0) { $0 + $1 * $1 } / Double(count) / noise
    return min(max((share - chance) / (1 - chance), 0), 1)
  }

  /// Median of the largest magnitudes of those of `channels` that say anything at all.
  func medianReach(of channels: [Int]) -> Float {
    let least = 1e-6 * (reach.max() ?? 0)
    let sorted = channels.filter(reach.indices.contains).map { reach[$0] }.filter { $0 > least }
      .sorted()
    return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
  }
}
