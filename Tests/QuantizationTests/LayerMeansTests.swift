import GraphIR
import ModelFormat
import Testing

@testable import Quantization

@Suite("Mean outputs of layers")
struct LayerMeansTests {
  /// A layer over an image of 9 × 7.
  struct Case: CustomTestStringConvertible, Sendable {
    var name: String
    var operation: GraphIR.Operation
    var testDescription: String { name }
  }

  static func convolution(
    _ shape: [Int],
    groups: Int = 1,
    stride: (Int, Int) = (1, 1),
    dilation: (Int, Int) = (1, 1),
    padding: Padding = Padding(),
    paddingValues: [Float] = []
  ) -> GraphIR.Operation {
    var random = SplitMix64(seed: 17)
    let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) }
    return .convolution(
      Convolution(
        weights: Tensor(shape: shape, values: values),
        bias: (0..<shape[0]).map { Float($0) / 4 - 0.5 },
        stride: stride,
        dilation: dilation,
        padding: padding,
        paddingValues: paddingValues,
        groups: groups
      )
    )
  }

  static let cases = [
    Case(name: "pointwise", operation: convolution([5, 1, 1, 4])),
    Case(
      name: "padded",
      operation: convolution([5, 3, 3, 4], padding: Padding(top: 1, left: 1, bottom: 1, right: 1))
    ),
    Case(
      name: "strided, odd padding",
      operation: convolution(
        [3, 3, 2, 4],
        stride: (2, 3),
        padding: Padding(top: 0, left: 1, bottom: 2, right: 0)
      )
    ),
    Case(
      name: "dilated, padding with values",
      operation: convolution(
        [3, 3, 3, 4],
        dilation: (2, 1),
        padding: Padding(top: 2, left: 1, bottom: 2, right: 1),
        paddingValues: [1, -2, 3, 0.5]
      )
    ),
    Case(name: "grouped", operation: convolution([6, 2, 2, 2], groups: 2, stride: (2, 2))),
    Case(
      name: "depthwise",
      operation: convolution(
        [4, 3, 3, 1],
        groups: 4,
        padding: Padding(top: 1, left: 1, bottom: 1, right: 1)
      )
    ),
    Case(
      name: "affine",
      operation: .channelAffine(ChannelAffine(scale: [1, -2, 0.5, 3], bias: [0, 1, 2, -1]))
    ),
    Case(
      name: "fully connected",
      operation: .fullyConnected(
        FullyConnected(
          weights: Tensor(shape: [2, 252], values: (0..<504).map { Float($0 % 13) / 13 - 0.4 }),
          bias: [1, -1]
        )
      )
    ),
  ]

  static let image: Tensor = {
    var random = SplitMix64(seed: 6)
    return Tensor(
      shape: [1, 9, 7, 4],
      values: (0..<252).map { _ in Float.random(in: -1...3, using: &random) }
    )
  }()

  static func graph(_ operation: GraphIR.Operation) throws -> Graph {
    var graph = Graph(name: "one")
    let input = graph.addInput(name: "image", shape: [1, 9, 7, 4])
    graph.outputs = [try graph.append(operation, name: "layer", inputs: [input])]
    return graph
  }

  @Test(arguments: cases)
  func `means of the patches give the mean outputs`(_ layer: Case) throws {
    let graph = try Self.graph(layer.operation)
    let means = try #require(LayerMeans(graph.nodes[0], graph))
    let found = means.outputMeans(means.patchMeans(of: Self.image.values))
    let exact = layer.operation.definition.evaluate([Self.image]).channelMeans
    #expect(found.count == exact.count)
    for (a, b) in zip(found, exact) { #expect(abs(a - b) < 1e-4) }
  }

  @Test(arguments: cases)
  func `a bias takes back what inputs and weights are off`(_ layer: Case) throws {
    let graph = try Self.graph(layer.operation)
    let means = try #require(LayerMeans(graph.nodes[0], graph))
    let weighted = try #require(WeightedLayer(graph.nodes[0], graph))
    let input = QuantizationParameters(scale: 0.05, zeroPoint: 40)
    let integers = try WeightQuantizer(layer: "layer", input: input, outputScale: nil)
      .quantize(weighted.weights, bias: weighted.bias)
    let exact = means.patchMeans(of: Self.image.values)
    let shifted = means.patchMeans(of: Self.image.values.map { $0 * 1.1 + 0.3 })
    let result = means.corrected(
      integers,
      input: input,
      means: exact,
      found: shifted,
      residual: weighted.bias.map { _ in 0.25 }
    )
    let depth = weighted.weights.count / weighted.bias.count
    let groups = exact.count / depth
    let wanted = means.outputMeans(exact)
    for row in weighted.bias.indices {
      let step = 0.05 * integers.scales[row]
      let start = row / (weighted.bias.count / groups) * depth
      var mean =
        Double(Float(0.05)) * integers.scales[row]
        * Double(result.bias[row] + 40 * integers.weightSum[row])
      for k in 0..<depth {
        mean +=
          Double(integers.values[row * depth + k]) * integers.scales[row] * shifted[start + k]
      }
      #expect(abs(mean - wanted[row] - 0.25) < 2 * step)
    }
    #expect(result.values == integers.values)
  }
}
