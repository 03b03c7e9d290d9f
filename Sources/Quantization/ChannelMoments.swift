internal import Foundation
internal import GraphIR

/// Mean and standard deviation of a value's channels, as far as a normal distribution tells.
struct ChannelMoments: Equatable {
  var mean: [Double]
  var deviation: [Double]

  /// Moments of `f(x)`, each channel of x being normal with these.
  ///
  /// Integrates over ±6 σ in 240 steps; where f is not finite it does not count.
  func mapped(_ function: (Float) -> Float) -> ChannelMoments {
    var result = self
    for channel in mean.indices {
      var weight = 0.0
      var sum = 0.0
      var squares = 0.0
      for step in -120...120 {
        let z = Double(step) / 20
        let value = Double(function(Float(mean[channel] + z * deviation[channel])))
        guard value.isFinite else { continue }
        let density = Foundation.exp(-z * z / 2)
        weight += density
        sum += density * value
        squares += density * value * value
      }
      guard weight > 0 else { continue }
      let average = sum / weight
      result.mean[channel] = average
      result.deviation[channel] = max(0, squares / weight - average * average).squareRoot()
    }
    return result
  }

  /// Moments of the sum of two independent values.
  func plus(_ other: ChannelMoments) -> ChannelMoments {
    ChannelMoments(
      mean: zip(mean, other.mean).map { $0 + $1 },
      deviation: zip(deviation, other.deviation).map { ($0 * $0 + $1 * $1).squareRoot() }
    )
  }
}

extension ChannelStatistics {
  /// As moments; nil where a number is not finite.
  var moments: ChannelMoments? {
    guard mean.allSatisfy(\.isFinite), deviation.allSatisfy(\.isFinite) else { return nil }
    return ChannelMoments(mean: mean.map { Double($0) }, deviation: deviation.map { Double($0) })
  }
}
