internal import GraphIR

/// The magnitudes of a layer's weights while channels are being scaled: the largest over the taps, `[O, C ÷ groups]`.
struct EqualizedLayer {
  /// Position among the graph's nodes.
  let node: Int
  /// Groups of the input's channels.
  let inputRoots: [Int]
  /// Groups of the output's channels.
  let outputRoots: [Int]
  private var magnitudes: [Float]
  private let columns: Int
  private let rowsPerGroup: Int

  /// The layer of a node; nil where it has no weights.
  init?(node index: Int, _ graph: Graph, _ groups: ChannelGroups) {
    let node = graph.nodes[index]
    guard let layer = WeightedLayer(node, graph) else { return nil }
    self.node = index
    inputRoots = groups.roots(node.inputs[0])
    outputRoots = groups.roots(node.output)
    let rows = layer.bias.count
    guard rows > 0, outputRoots.count == rows, layer.channels > 0,
      inputRoots.count == layer.channels * layer.groups
    else { return nil }
    columns = layer.channels
    rowsPerGroup = rows / layer.groups
    let depth = layer.weights.count / rows
    magnitudes = [Float](repeating: 0, count: rows * columns)
    for row in 0..<rows {
      for k in 0..<depth {
        let at = row * columns + k % columns
        magnitudes[at] = max(magnitudes[at], abs(layer.weights[row * depth + k]))
      }
    }
  }

  /// Largest weight of an output channel.
  private func range(ofRow row: Int) -> Float {
    magnitudes[row * columns..<(row + 1) * columns].reduce(0, max)
  }

  /// Largest weight that an input channel meets, as a share of the largest of the same row: rows have scales of their own.
  func share(ofColumn channel: Int) -> Float {
    rows(reading: channel).reduce(0) { largest, row in
      let range = range(ofRow: row)
      return range > 0
        ? max(largest, magnitudes[row * columns + channel % columns] / range) : largest
    }
  }

  /// Multiplies the weights of an output channel.
  mutating func scale(row: Int, by factor: Float) {
    for at in row * columns..<(row + 1) * columns { magnitudes[at] *= factor }
  }

  /// Multiplies the weights that an input channel meets.
  mutating func scale(column channel: Int, by factor: Float) {
    for row in rows(reading: channel) { magnitudes[row * columns + channel % columns] *= factor }
  }

  private func rows(reading channel: Int) -> Range<Int> {
    let group = channel / columns
    return group * rowsPerGroup..<(group + 1) * rowsPerGroup
  }
}
