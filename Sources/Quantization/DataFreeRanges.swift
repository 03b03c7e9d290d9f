public import GraphIR

/// Ranges for a graph without calibration images: from statistics of batch normalizations and bounds of operators.
///
/// A convolution or affine map with statistics spans `mean ± 4 σ` over its channels, plus the residual's range, inside its clamp: where
/// rounding and clipping a normal distribution to 8 bits cost least together (Banner et al. 2019, "Post Training 4-bit Quantization
/// of Convolutional Networks for Rapid-Deployment", https://arxiv.org/abs/1810.05723). One without takes what made-up images showed,
/// twice as wide. Everything after follows by interval arithmetic: averages and selections keep their input's range, functions map it,
/// sums and products combine ranges.
public struct DataFreeRanges: Sendable {
  private let graph: Graph

  /// Standard deviations on either side of the mean.
  static let deviations: Float = 4

  /// Prepares a verified graph.
  public init(_ graph: Graph) { self.graph = graph }

  /// Whether any operator carries statistics.
  public var hasStatistics: Bool {
    graph.nodes.contains { node in
      switch node.operation {
      case .convolution(let op): op.statistics != nil
      case .channelAffine(let op): op.statistics != nil
      default: false
      }
    }
  }

  /// The range of every node's output; `observed` are those that made-up images showed.
  public func ranges(observed: [ValueID: ValueRange]) -> [ValueID: ValueRange] {
    var known: [ValueID: ValueRange] = [:]
    for input in graph.inputs { known[input] = ValueRange(0, 255) }
    for node in graph.nodes {
      let seen = observed[node.output] ?? ValueRange(0, 0)
      known[node.output] = range(of: node, seen: seen, known) ?? seen
    }
    return known
  }

  private func range(
    of node: Node,
    seen: ValueRange,
    _ known: [ValueID: ValueRange]
  ) -> ValueRange? {
    let inputs = node.inputs.map { known[$0] }
    switch node.operation {
    case .convolution(let op):
      var range = op.statistics?.range ?? seen.doubled
      if op.statistics != nil, inputs.count > 1, let residual = inputs[1] {
        range = range.plus(residual)
      }
      return range.clamped(op.clamp.finiteLow, op.clamp.finiteHigh)
    case .fullyConnected(let op):
      return seen.doubled.clamped(op.clamp.finiteLow, op.clamp.finiteHigh)
    case .channelAffine(let op): return op.statistics?.range ?? seen.doubled
    case .maxPool, .averagePool, .mean, .slice, .reshape, .transpose, .resize, .gatherChannels:
      return inputs.first ?? nil
    case .pad(let op): return inputs.first?.map { $0.union(ValueRange(op.value, op.value)) }
    case .unary(let op): return inputs.first?.map { Self.image(of: $0) { op($0) } }
    case .parametricReLU(let op):
      guard let input = inputs.first ?? nil, let least = op.slope.min(),
        let most = op.slope.max()
      else { return nil }
      return Self.image(of: input) { $0 < 0 ? least * $0 : $0 }
        .union(Self.image(of: input) { $0 < 0 ? most * $0 : $0 })
    case .binary(let op):
      guard inputs.count == 2, let a = inputs[0], let b = inputs[1] else { return seen.doubled }
      return combined(op, a, b)
    case .concat:
      return inputs.compactMap { $0 }.reduce(nil as ValueRange?) { $0?.union($1) ?? $1 }
    case .softmax: return ValueRange(0, 1)
    case .localResponseNormalization: return seen.doubled
    }
  }

  /// The range of `a op b` for any a and b; nil where it is not bounded.
  private func combined(_ op: BinaryFunction, _ a: ValueRange, _ b: ValueRange) -> ValueRange? {
    let corners = [
      op(a.low, b.low), op(a.low, b.high), op(a.high, b.low), op(a.high, b.high),
    ]
    guard op != .divide, corners.allSatisfy({ $0.isFinite }), let low = corners.min(),
      let high = corners.max()
    else { return nil }
    return ValueRange(low, high)
  }

  /// The range of a function over a range, from 1025 samples; those that are not finite do not count.
  private static func image(of range: ValueRange, _ function: (Float) -> Float) -> ValueRange {
    var low = Float.infinity
    var high = -Float.infinity
    for step in 0...1024 {
      let x = range.low + (range.high - range.low) * Float(step) / 1024
      let y = function(x)
      guard y.isFinite else { continue }
      (low, high) = (min(low, y), max(high, y))
    }
    return low <= high ? ValueRange(low, high) : ValueRange(0, 0)
  }
}

extension ChannelStatistics {
  /// `mean ± 4 σ`, over all channels; nil where a number is not finite.
  fileprivate var range: ValueRange? {
    let reach = zip(mean, deviation).map { ($0, DataFreeRanges.deviations * $1) }
    guard let low = reach.map({ $0 - $1 }).min(), let high = reach.map({ $0 + $1 }).max(),
      low.isFinite, high.isFinite, low <= high
    else { return nil }
    return ValueRange(low, high)
  }
}

extension ValueRange {
  fileprivate var doubled: ValueRange {
    let limit = Float.greatestFiniteMagnitude / 4
    let bounded = clamped(-limit, limit)
    return ValueRange(2 * min(bounded.low, 0), 2 * max(bounded.high, 0))
  }

  fileprivate func plus(_ other: ValueRange) -> ValueRange {
    let limit = Float.greatestFiniteMagnitude / 4
    let (a, b) = (clamped(-limit, limit), other.clamped(-limit, limit))
    return ValueRange(a.low + b.low, a.high + b.high)
  }
}

extension Clamp {
  fileprivate var finiteLow: Float { max(low, -.greatestFiniteMagnitude) }
  fileprivate var finiteHigh: Float { min(high, .greatestFiniteMagnitude) }
}
