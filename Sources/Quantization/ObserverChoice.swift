internal import Dispatch
public import GraphIR
internal import Synchronization

/// Chooses for every value the range that costs the layers reading it least, by running them.
///
/// A value is rounded to bytes with each candidate in turn while everything else stays float, and each reader computes its output from
/// it: the candidate with the least sum of `Σ (ŷ − y)² ÷ Σ y²` over images and readers wins, the first of equals. That is a run of
/// every layer for each range that differs, on `images` images however many there are.
public struct ObserverChoice: Sendable {
  private let graph: Graph
  private let evaluator: FloatEvaluator
  /// Values that a node is the last to read.
  private let releases: [ValueID: [ValueID]]

  /// Images that decide, spread over the set.
  public static let images = 8

  /// Prepares to run a verified graph.
  public init(_ graph: Graph) {
    self.graph = graph
    evaluator = FloatEvaluator(graph)
    var last: [ValueID: ValueID] = [:]
    for node in graph.nodes { for input in node.inputs { last[input] = node.output } }
    releases = Dictionary(grouping: last.keys) { last[$0] ?? $0 }
  }

  /// The position of the best candidate of every value that has any.
  ///
  /// - Throws: `QuantizationError` for an image that does not load.
  public func best(
    among candidates: [ValueID: [ValueRange]],
    _ images: CalibrationImages,
    threads: Int
  ) throws(QuantizationError) -> [ValueID: Int] {
    let count = min(Self.images, images.count)
    let slots = Mutex(
      [Result<[ValueID: [Double]], QuantizationError>?](repeating: nil, count: count)
    )
    for start in stride(from: 0, to: count, by: max(1, threads)) {
      DispatchQueue.concurrentPerform(iterations: min(max(1, threads), count - start)) { offset in
        let found = costs(of: candidates, image: (start + offset) * images.count / count, images)
        slots.withLock { $0[start + offset] = found }
      }
    }
    var sums = candidates.mapValues { [Double](repeating: 0, count: $0.count) }
    for slot in slots.withLock({ $0 }) {
      guard let slot else { continue }
      for (value, costs) in try slot.get() {
        for (index, cost) in costs.enumerated() { sums[value]?[index] += cost }
      }
    }
    return sums.compactMapValues { costs in
      costs.indices.min { (costs[$0], $0) < (costs[$1], $1) }
    }
  }

  private func costs(
    of candidates: [ValueID: [ValueRange]],
    image index: Int,
    _ images: CalibrationImages
  ) -> Result<[ValueID: [Double]], QuantizationError> {
    let image: Tensor
    do { image = try images.load(index) } catch {
      return .failure(.image(index: index, problem: "\(error)"))
    }
    var kept: [ValueID: Tensor] = [:]
    for input in graph.inputs { kept[input] = image }
    for (constant, tensor) in graph.constants { kept[constant] = tensor }
    var costs: [ValueID: [Double]] = [:]
    do throws(GraphError) {
      _ = try evaluator.run([image]) { node, result in
        for value in Set(node.inputs) {
          guard let ranges = candidates[value], ranges.count > 1 else { continue }
          let found = self.costs(of: ranges, for: value, read: node, result, kept)
          costs[value] = costs[value].map { zip($0, found).map { $0 + $1 } } ?? found
        }
        kept[node.output] = result
        for value in releases[node.output] ?? [] { kept[value] = nil }
      }
    } catch {
      return .failure(.graph(error.description))
    }
    return .success(costs)
  }

  /// Relative error of a node's result with each range for one of its operands.
  private func costs(
    of ranges: [ValueRange],
    for value: ValueID,
    read node: Node,
    _ result: Tensor,
    _ kept: [ValueID: Tensor]
  ) -> [Double] {
    var operands: [Tensor] = []
    for input in node.inputs {
      guard let tensor = kept[input] else { return ranges.map { _ in 0 } }
      operands.append(tensor)
    }
    let power = result.values.reduce(1e-30) { $0 + Double($1) * Double($1) }
    var known: [(range: ValueRange, cost: Double)] = []
    for range in ranges where !known.contains(where: { $0.range == range }) {
      let parameters = QuantizationParameters(range)
      var rounded = operands
      for position in operands.indices where node.inputs[position] == value {
        rounded[position] = operands[position].rounded(to: parameters)
      }
      let found = node.operation.definition.evaluate(rounded)
      var error = 0.0
      for (a, b) in zip(found.values, result.values) {
        error += (Double(a) - Double(b)) * (Double(a) - Double(b))
      }
      known.append((range, error / power))
    }
    return ranges.map { range in known.first { $0.range == range }?.cost ?? 0 }
  }
}

extension Tensor {
  /// What is left of the values once they have been bytes.
  fileprivate func rounded(to parameters: QuantizationParameters) -> Tensor {
    let scale = parameters.scale
    let inverse = 1 / scale
    let low = Float(-parameters.zeroPoint)
    let high = 255 + low
    return Tensor(
      shape: shape,
      values: values.map {
        min(max(($0 * inverse).rounded(.toNearestOrEven), low), high) * scale
      }
    )
  }
}
