import GraphIR
import Quantization
import Testing

@Suite("Calibration")
struct CalibratorTests {
  static func graph(weight: Float = 0.02) throws -> Graph {
    var graph = Graph(name: "small")
    let input = graph.addInput(name: "image", shape: [1, 9, 7, 3])
    let weights = (0..<4 * 27).map { weight * Float(($0 * 37) % 19 - 9) }
    let op = Convolution(
      weights: Tensor(shape: [4, 3, 3, 3], values: weights),
      bias: [0.5, -0.5, 0, 1],
      clamp: Clamp(low: 0, high: .infinity)
    )
    let conv = try graph.append(.convolution(op), name: "conv", inputs: [input])
    let mean = try graph.append(
      .mean(Mean(axes: [1, 2], keepsAxes: false)),
      name: "mean",
      inputs: [conv]
    )
    graph.outputs = [mean]
    return graph
  }

  @Test(arguments: [2, 3, 7])
  func `the result does not depend on the number of threads`(_ threads: Int) throws {
    let graph = try Self.graph()
    let images = CalibrationImages.synthetic(count: 5, shape: [1, 9, 7, 3])
    let one = try Calibrator(graph).run(images, threads: 1)
    let many = try Calibrator(graph).run(images, threads: threads)
    #expect(one.histograms == many.histograms)
    #expect(one.channelMeans == many.channelMeans)
    #expect(one.topClasses == many.topClasses)
    #expect(one.topClasses.count == 5)
  }

  @Test func `everything that the float evaluator gives is seen`() throws {
    let graph = try Self.graph()
    let images = CalibrationImages.synthetic(count: 3, shape: [1, 9, 7, 3])
    let result = try Calibrator(graph).run(images, threads: 2)
    var high: Float = 0
    var sums = [Double](repeating: 0, count: 3)
    for index in 0..<3 {
      let image = try images.load(index)
      _ = try FloatEvaluator(graph).run([image]) { node, tensor in
        if node.name == "conv" { high = max(high, tensor.values.max() ?? 0) }
      }
      for (index, value) in image.values.enumerated() { sums[index % 3] += Double(value) }
    }
    #expect(result.histograms[graph.nodes[0].output]?.maximum == high)
    #expect(result.histograms[graph.nodes[0].output]?.count == 3 * 7 * 5 * 4)
    let means = result.channelMeans[graph.inputs[0]] ?? []
    for (mean, sum) in zip(means, sums) { #expect(abs(mean - sum / 189) < 1e-9) }
    #expect(means.count == 3)
  }

  @Test func `a layer that gives NaN is named`() throws {
    let graph = try Self.graph(weight: .infinity)
    var images = CalibrationImages.synthetic(count: 2, shape: [1, 9, 7, 3])
    #expect(throws: QuantizationError.activationNotFinite(layer: "conv", image: "0")) {
      try Calibrator(graph).run(images, threads: 1)
    }
    images.name = { "photos/\($0).jpg" }
    let error = #expect(throws: QuantizationError.self) {
      try Calibrator(graph).run(images, threads: 1)
    }
    #expect(
      error?.description
        == "layer \"conv\": output for calibration image photos/0.jpg is NaN or infinite, expected finite numbers"
    )
  }

  struct Unreadable: Error, CustomStringConvertible { var description: String { "no such file" } }

  @Test func `an image that does not load stops the run with its index`() throws {
    let images = CalibrationImages(count: 3) { index in
      if index == 2 { throw Unreadable() }
      return Tensor(shape: [1, 9, 7, 3], repeating: 5)
    }
    #expect(throws: QuantizationError.image(index: 2, problem: "no such file")) {
      try Calibrator(Self.graph()).run(images, threads: 2)
    }
  }

  @Test func `an image of another shape is refused`() throws {
    let images = CalibrationImages(count: 1) { _ in Tensor(shape: [1, 2, 2, 3], repeating: 5) }
    #expect(
      throws: QuantizationError.graph(
        "input \"image\" has shape [1, 2, 2, 3], expected [1, 9, 7, 3]"
      )
    ) {
      try Calibrator(Self.graph()).run(images, threads: 1)
    }
  }

  @Test func `no images are an error`() throws {
    let images = CalibrationImages(count: 0) { _ in Tensor(shape: [1], repeating: 0) }
    #expect(throws: QuantizationError.noImages) {
      try Calibrator(Self.graph()).run(images, threads: 1)
    }
  }

  @Test func `made-up images are pixels and the same every time`() throws {
    let images = CalibrationImages.synthetic(count: 2, shape: [1, 20, 30, 3])
    let first = try images.load(1)
    #expect(try images.load(1) == first)
    #expect(try images.load(0) != first)
    #expect(first.values.allSatisfy { (0...255).contains($0) && $0 == $0.rounded() })
    #expect((first.values.max() ?? 0) - (first.values.min() ?? 0) > 40)
  }
}
