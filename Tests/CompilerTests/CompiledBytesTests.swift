import GraphIR
import ModelFormat
import Quantization
import Runtime
import Testing

@testable import Compiler

@Suite("The bytes of a compiled model")
struct CompiledBytesTests {
  @Test(arguments: ["groups", "concat of three", "squeeze and excitation", "depthwise"])
  func `the same input gives the same bytes on any number of threads`(_ name: String) throws {
    let sample = try #require(GraphSample.all.first { $0.name == name })
    var options = CompileOptions()
    options.metadata = ["b": "2", "a": "1", "c": "3"]
    options.recipe.observer = .percentile(99.9)
    options.recipe.rounding = .adaptive
    options.recipe.biasCorrection = .empirical
    let first = try ModelCompiler.compile(
      sample.graph,
      options: options,
      calibration: testImages(5)
    )
    options.threads = 4
    let second = try ModelCompiler.compile(
      sample.graph,
      options: options,
      calibration: testImages(5)
    )
    #expect(first.bytes == second.bytes)
    #expect(first.report == second.report)
  }

  @Test func `golden vectors are recorded and hold on every kernel set`() throws {
    let sample = try #require(GraphSample.all.first { $0.name == "residual" })
    var options = CompileOptions()
    options.goldenSeeds = 3
    options.goldenImages = [(0..<360).map { UInt8($0 % 251) }]
    let model = try ModelCompiler.compile(
      sample.graph,
      options: options,
      calibration: testImages(2)
    )
    let file = try ModelFile(copying: model.bytes)
    #expect(file.goldenCount == 4)
    for kernels in KernelSet.available {
      for threads in 1...2 {
        let failure = try SelfTest.run(file, kernels: kernels, threads: threads)
        #expect(failure == nil, "\(kernels.name), \(threads) threads")
      }
    }
  }

  @Test func `numbers that int8 holds exactly come out exactly`() throws {
    // Input scale 1, weights k ÷ 2 with |k| ≤ 127 where one is 127, output scale 1 by a range of −128…127 after a bias: what
    // float computes is a whole number of output steps wherever the sum of k × x is even.
    var graph = Graph(name: "exact")
    let image = graph.addInput(name: "image", shape: [1, 3, 3, 2])
    let weights: [Float] = [63.5, 1, -2, 0, 63.5, -63.5]
    let op = Convolution(
      weights: Tensor(shape: [3, 1, 1, 2], values: weights),
      bias: [-7, 12, 0]
    )
    let conv = try graph.append(.convolution(op), name: "conv", inputs: [image])
    graph.outputs = [conv]
    let model = try ModelCompiler.compile(
      graph,
      options: CompileOptions(),
      calibration: .synthetic(count: 1, shape: [1, 3, 3, 2])
    )
    let network = try Network(ModelFile(copying: model.bytes))
    let pixels = (0..<18).map { UInt8($0 * 14) }
    network.setInput(pixels)
    network.run()
    let expected = try FloatEvaluator(graph).run([
      Tensor(shape: [1, 3, 3, 2], values: pixels.map { Float($0) })
    ])
    #expect(network.outputValues == expected[0].values)
  }

  @Test(arguments: [(5, 3, 2, 3), (17, 5, 1, 9), (16, 4, 1, 1), (33, 1, 2, 25)])
  func `packed weights are those of the layer and padding is zero`(
    _ outputs: Int,
    _ inputs: Int,
    _ groups: Int,
    _ taps: Int
  ) throws {
    var random = SplitMix64(seed: 4)
    var graph = Graph(name: "packed")
    let image = graph.addInput(name: "image", shape: [1, 1, taps, inputs * groups])
    let op = Convolution(
      weights: Tensor(
        shape: [outputs * groups, 1, taps, inputs],
        values: random.values(outputs * groups * taps * inputs, in: -1...1)
      ),
      bias: [Float](repeating: 0, count: outputs * groups),
      groups: groups
    )
    let conv = try graph.append(.convolution(op), name: "conv", inputs: [image])
    graph.outputs = [conv]
    let quantized = try Quantizer(graph).quantize(ranges: [conv: ValueRange(-1, 1)])
    let weights = try #require(quantized.weights[conv])
    var lowering = Lowering(quantized)
    try lowering.run()
    let record = try #require(lowering.contents.operators.first).record
    let packed = lowering.contents.weights[record.weightsOffset...].prefix(record.weightsSize)
    let bytes = packed.map { Int8(bitPattern: $0) }
    guard record.kind == .convolution else { return }
    // [groups][⌈N/16⌉][taps × ⌈C/4⌉][16][4], walked in storage order.
    var at = 0
    for group in 0..<groups {
      for block in 0..<(outputs + 15) / 16 {
        for tap in 0..<taps {
          for quad in 0..<(inputs + 3) / 4 {
            for lane in 0..<16 {
              for byte in 0..<4 {
                let (output, input) = (block * 16 + lane, quad * 4 + byte)
                let row = group * outputs + output
                let isReal = output < outputs && input < inputs
                let expected =
                  isReal ? weights.values[(row * taps + tap) * inputs + input] : 0
                #expect(bytes[at] == expected)
                at += 1
              }
            }
          }
        }
      }
    }
    #expect(at == bytes.count)
  }

  @Test func `lists of a dense block are prefixes of one tensor`() throws {
    let model = try ModelCompiler.compile(
      try Self.denseBlock(),
      options: CompileOptions(),
      calibration: testImages(2)
    )
    #expect(!model.report.layers.contains { $0.kind == "gatherChannels" || $0.kind == "lookup" })
    #expect(model.report.agreeing == 2)
  }

  /// Three layers, each reading everything before it.
  static func denseBlock() throws -> Graph {
    var (graph, x) = try GraphSample.started("dense", channels: 6)
    var all = [x]
    for layer in 0..<3 {
      let joined =
        all.count == 1
        ? x : try graph.append(.concat(Concat(axis: 3)), name: "list\(layer)", inputs: all)
      let op = GraphSample.convolution(
        graph.shape(of: joined)[3],
        5,
        kernel: (1, 1),
        seed: UInt64(layer)
      )
      all.append(try graph.append(.convolution(op), name: "layer\(layer)", inputs: [joined]))
    }
    let joined = try graph.append(.concat(Concat(axis: 3)), name: "all", inputs: all)
    let mean = try graph.append(
      .mean(Mean(axes: [1, 2], keepsAxes: false)),
      name: "mean",
      inputs: [joined]
    )
    graph.outputs = [try graph.append(.softmax(Softmax()), name: "scores", inputs: [mean])]
    return graph
  }

  @Test(arguments: GraphSample.all)
  func `explaining tells what compiling does`(_ sample: GraphSample) throws {
    let explanation = try ModelCompiler.explain(sample.graph)
    let model = try ModelCompiler.compile(
      sample.graph,
      options: CompileOptions(),
      calibration: nil
    )
    #expect(explanation.layers.map(\.name) == model.report.layers.map(\.name))
    #expect(explanation.layers.map(\.shape) == model.report.layers.map(\.shape))
    #expect(explanation.arenaBytes == model.report.arenaBytes)
    #expect(explanation.unsupported.isEmpty)
    #expect(abs(explanation.fileBytes - model.report.fileBytes) < 16384)
  }
}
