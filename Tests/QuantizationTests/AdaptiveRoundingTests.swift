import GraphIR
import ModelFormat
import Testing

@testable import Quantization

@Suite("Rounding by moments of calibration images")
struct AdaptiveRoundingTests {
  /// Every kind of layer with weights: strided, grouped, depthwise, padded, flattened.
  static func graph(seed: UInt64 = 3) throws -> Graph {
    var random = SplitMix64(seed: seed)
    func weights(_ shape: [Int]) -> Tensor {
      let count = shape.reduce(1, *)
      return Tensor(
        shape: shape,
        values: (0..<count).map { _ in Float.random(in: -0.3...0.3, using: &random) }
      )
    }
    func convolution(_ shape: [Int], groups: Int = 1, stride: Int = 1, pad: Int = 0) -> Operation {
      .convolution(
        Convolution(
          weights: weights(shape),
          bias: [Float](repeating: 0.1, count: shape[0]),
          stride: (stride, stride),
          padding: Padding(top: pad, left: pad, bottom: pad, right: pad),
          groups: groups,
          clamp: Clamp(low: 0, high: .infinity)
        )
      )
    }
    var graph = Graph(name: "kinds")
    var value = graph.addInput(name: "image", shape: [1, 13, 11, 3])
    let layers: [(String, Operation)] = [
      ("strided", convolution([8, 3, 3, 3], stride: 2)),
      ("grouped", convolution([12, 1, 1, 4], groups: 2)),
      ("depthwise", convolution([12, 3, 3, 1], groups: 12, pad: 1)),
      ("pointwise", convolution([6, 1, 1, 12])),
      (
        "head",
        .fullyConnected(
          FullyConnected(weights: weights([5, 180]), bias: [0, 0, 0, 0, 0])
        )
      ),
    ]
    for (name, operation) in layers {
      value = try graph.append(operation, name: name, inputs: [value])
    }
    graph.outputs = [value]
    return graph
  }

  static let images = CalibrationImages.synthetic(count: 6, shape: [1, 13, 11, 3])

  @Test(arguments: [2, 4, 7])
  func `integers do not depend on the number of threads`(_ threads: Int) throws {
    let rounding = AdaptiveRounding(try Self.graph(), correctsBias: true)
    let one = try rounding.run(Self.images, threads: 1)
    #expect(one.count == 5)
    #expect(try rounding.run(Self.images, threads: threads) == one)
  }

  @Test(arguments: 0..<5)
  func `each layer's outputs are nearer to float's than with the nearest integers`(
    _ index: Int
  ) throws {
    let graph = try Self.graph()
    let node = graph.nodes[index]
    let layer = try #require(WeightedLayer(node, graph))
    let rounded = try #require(
      try AdaptiveRounding(graph, correctsBias: false).run(Self.images, threads: 2)[node.output]
    )
    let depth = layer.weights.count / layer.bias.count
    func real(_ integer: (Int) -> Float) -> [Float] {
      layer.weights.indices.map { integer($0) * Float(rounded.scales[$0 / depth]) }
    }
    let adaptive = real { Float(rounded.values[$0]) }
    let nearest = real {
      (layer.weights[$0] / Float(rounded.scales[$0 / depth])).rounded(.toNearestOrEven)
    }
    let (found, plain) = (
      try Self.error(graph, index, adaptive), try Self.error(graph, index, nearest)
    )
    #expect(found < plain)
  }

  /// Squared error of the outputs of node `index` when its weights are others, on float inputs, clamps aside.
  static func error(_ graph: Graph, _ index: Int, _ weights: [Float]) throws -> Double {
    func without(_ operation: GraphIR.Operation, _ weights: [Float]?) -> GraphIR.Operation {
      switch operation {
      case .convolution(var op):
        op.clamp = .none
        if let weights { op.weights.values = weights }
        return .convolution(op)
      case .fullyConnected(var op):
        if let weights { op.weights.values = weights }
        return .fullyConnected(op)
      default: return operation
      }
    }
    var sum = 0.0
    for image in 0..<images.count {
      var inputs: [ValueID: Tensor] = [graph.inputs[0]: try images.load(image)]
      _ = try FloatEvaluator(graph).run([try images.load(image)]) { inputs[$0.output] = $1 }
      let node = graph.nodes[index]
      let operands = node.inputs.compactMap { inputs[$0] }
      let exact = without(node.operation, nil).definition.evaluate(operands)
      let found = without(node.operation, weights).definition.evaluate(operands)
      for (a, b) in zip(exact.values, found.values) { sum += Double(a - b) * Double(a - b) }
    }
    return sum
  }

  @Test func `an image that does not load is told`() throws {
    struct Broken: Error {}
    let images = CalibrationImages(count: 3) { _ in throw Broken() }
    #expect(throws: QuantizationError.image(index: 0, problem: "Broken()")) {
      try AdaptiveRounding(try Self.graph(), correctsBias: true).run(images, threads: 1)
    }
  }

  @Test func `a channel whose sums could overflow is rounded anew`() throws {
    let quantizer = WeightQuantizer(
      layer: "conv1",
      input: QuantizationParameters(scale: 0.05, zeroPoint: 100),
      outputScale: 1e6
    )
    let given = RoundedWeights(values: [127, -126], scales: [1e-8])
    let found = try quantizer.quantize([1e-6, -2e-6], bias: [1e6], rounded: given)
    #expect(found == (try quantizer.quantize([1e-6, -2e-6], bias: [1e6])))
    let fits = try quantizer.quantize([1e-6, -2e-6], bias: [0], rounded: given)
    #expect(fits.values == [127, -126])
    #expect(fits.scales == [1e-8])
    #expect(fits.weightSum == [1])
  }
}
