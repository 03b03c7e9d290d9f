internal import Foundation

/// How far the values of one layer are apart in two models, as sums that add up over images.
struct LayerDifference: Sendable {
  /// Sums of one channel; a is of the first model, b of the second.
  struct Channel: Sendable {
    var signal = 0.0
    var noise = 0.0
    var difference = 0.0
    var product = 0.0
    var square = 0.0

    /// Share of b's energy that no positive multiple of a explains.
    var unexplained: Double {
      guard square > 0 else { return signal > 0 ? 1 : 0 }
      guard product > 0 else { return 1 }
      return max(0, 1 - product / signal * product / square)
    }
  }

  /// The highest ratio told, for values without any difference.
  static let highestRatio = 200.0

  var channels: [Channel]
  /// Values compared.
  var count = 0
  /// The largest magnitude of a difference.
  var largest = 0.0
  /// Values of one model that are beyond what the other's bytes can hold.
  var saturated = 0
  /// Their share of the noise.
  var saturatedNoise = 0.0
  /// Values that are NaN or infinite in one model or both.
  var notFinite = 0

  init(channels: Int) { self.channels = [Channel](repeating: Channel(), count: channels) }

  /// Adds the values of one image, channels innermost.
  ///
  /// Values are first brought into `bounds`, outside of which no reader tells them apart. `ranges` are what bytes of either model can hold,
  /// widened by half a step.
  mutating func add(
    _ first: [Float],
    _ second: [Float],
    bounds: (low: Double, high: Double)?,
    firstRange: (low: Double, high: Double)?,
    secondRange: (low: Double, high: Double)?
  ) {
    let count = channels.count
    guard first.count == second.count, first.count % count == 0 else { return }
    self.count += first.count
    let (low, high) = bounds ?? (-.infinity, .infinity)
    let (firstLow, firstHigh) = firstRange ?? (-.infinity, .infinity)
    let (secondLow, secondHigh) = secondRange ?? (-.infinity, .infinity)
    for start in stride(from: 0, to: first.count, by: count) {
      for channel in 0..<count {
        let (x, y) = (Double(first[start + channel]), Double(second[start + channel]))
        guard x.isFinite, y.isFinite else {
          notFinite += 1
          continue
        }
        let (a, b) = (min(max(x, low), high), min(max(y, low), high))
        let difference = b - a
        let noise = difference * difference
        channels[channel].signal += a * a
        channels[channel].noise += noise
        channels[channel].difference += difference
        channels[channel].product += a * b
        channels[channel].square += b * b
        largest = max(largest, abs(difference))
        if a < secondLow || a > secondHigh || b < firstLow || b > firstHigh {
          saturated += 1
          saturatedNoise += noise
        }
      }
    }
  }

  /// Adds the sums of other images.
  mutating func merge(_ other: LayerDifference) {
    for index in channels.indices {
      channels[index].signal += other.channels[index].signal
      channels[index].noise += other.channels[index].noise
      channels[index].difference += other.channels[index].difference
      channels[index].product += other.channels[index].product
      channels[index].square += other.channels[index].square
    }
    count += other.count
    largest = max(largest, other.largest)
    saturated += other.saturated
    saturatedNoise += other.saturatedNoise
    notFinite += other.notFinite
  }

  var signal: Double { channels.reduce(0) { $0 + $1.signal } }
  var noise: Double { channels.reduce(0) { $0 + $1.noise } }
  /// Mean of second − first.
  var mean: Double { channels.reduce(0) { $0 + $1.difference } / Double(max(1, count)) }

  /// `10 log₁₀ (Σ a² ÷ Σ (b − a)²)` in dB, 0 for noise without signal.
  var ratio: Double { Self.decibels(signal, noise) }

  /// The same where each channel of the first model is first multiplied by what brings it nearest to the second's.
  var scaledRatio: Double {
    Self.decibels(signal, channels.reduce(0) { $0 + $1.signal * $1.unexplained })
  }

  /// Whether channels have enough values to tell a factor from chance.
  var isBroad: Bool { count >= 50 * channels.count }

  /// Share of the noise that is a constant a channel.
  var constantShare: Double {
    guard noise > 0, isBroad else { return 0 }
    let positions = Double(max(1, count / channels.count))
    return channels.reduce(0) { $0 + $1.difference * $1.difference } / positions / noise
  }

  /// The fewest channels that hold nine tenths of the noise, the noisiest first.
  var noisyChannels: [Int] {
    let limit = 0.9 * noise
    var sum = 0.0
    var result: [Int] = []
    for index in channels.indices.sorted(by: { channels[$0].noise > channels[$1].noise }) {
      guard sum < limit else { break }
      sum += channels[index].noise
      result.append(index)
    }
    return result
  }

  private static func decibels(_ signal: Double, _ noise: Double) -> Double {
    guard noise > 0 else { return highestRatio }
    guard signal > 0 else { return 0 }
    return min(10 * Foundation.log10(signal / noise), highestRatio)
  }
}
