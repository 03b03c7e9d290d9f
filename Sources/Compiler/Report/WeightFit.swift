internal import GraphIR
internal import Quantization

/// What rounding does to a layer's weights, and how much its channels differ.
struct WeightFit {
  /// `10 log₁₀ (Σ w² ÷ Σ (ŵ − w)²)` in dB; nil where all are 0.
  let noiseRatio: Double?
  /// Largest magnitude of each output channel.
  let largest: [Double]
  /// Channels whose weights training has not taken away: above a millionth of the layer's largest.
  let alive: [Int]
  /// Median of the alive channels' largest magnitudes; 0 where there are none.
  let median: Double

  /// The channel with the largest weight.
  var widest: Int { largest.indices.max { (largest[$0], $1) < (largest[$1], $0) } ?? 0 }
  /// Its largest weight over the median; nil where all are 0.
  var ratio: Double? { median > 0 ? largest[widest] / median : nil }

  /// The float `rows` against the integers of the same layout.
  init(rows: [Float], _ quantized: QuantizedWeights) {
    let count = quantized.scales.count
    let depth = rows.count / max(1, count)
    let isComparable = quantized.values.count == rows.count
    var largest = [Double](repeating: 0, count: count)
    var (signal, noise) = (0.0, 0.0)
    for row in 0..<count {
      let scale = quantized.scales[row]
      for index in row * depth..<(row + 1) * depth {
        let weight = Double(rows[index])
        largest[row] = max(largest[row], abs(weight))
        guard isComparable else { continue }
        let difference = Double(quantized.values[index]) * scale - weight
        signal += weight * weight
        noise += difference * difference
      }
    }
    self.largest = largest
    let least = 1e-6 * (largest.max() ?? 0)
    let living = largest.indices.filter { largest[$0] > least }
    alive = living
    let sorted = living.map { largest[$0] }.sorted()
    median = sorted.isEmpty ? 0 : sorted[sorted.count / 2]
    noiseRatio = isComparable ? Decibels.ratio(signal: signal, noise: noise) : nil
  }

  /// The smallest, the quartiles and the largest of the channels' largest weights.
  var spread: [Double] {
    let sorted = largest.sorted()
    guard let last = sorted.indices.last else { return [] }
    return [0, last / 4, last / 2, (3 * last + 3) / 4, last].map { sorted[min($0, last)] }
  }
}

extension GraphIR.Operation {
  /// The weights as rows, one an output channel; nil where there are none.
  var weightRows: [Float]? {
    switch self {
    case .convolution(let op): op.weights.values
    case .fullyConnected(let op): op.weights.values
    case .channelAffine(let op): op.scale
    default: nil
    }
  }
}
