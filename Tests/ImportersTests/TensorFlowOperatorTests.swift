import Containers
import GraphIR
import Importers
import Testing

/// One operator a test, against values worked out by hand or by plain loops.
struct TensorFlowOperatorTests {
  /// A graph of an image `[1, H, W, C]` of values 1, 2, 3…, a 1 × 1 convolution that keeps them, and `body`.
  private func result(
    _ shape: [Int],
    _ body: (inout TensorFlowGraphWriter, _ input: String) -> Void
  ) throws -> Tensor {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1] + shape)
    let channels = shape[2]
    let identity = (0..<channels * channels).map { $0 / channels == $0 % channels ? Float(1) : 0 }
    w.floats("identity", [1, 1, channels, channels], identity)
    w.node(
      "Conv2D",
      "same",
      ["x", "identity"],
      ["strides": .list([1, 1, 1, 1]), "padding": .text("VALID")]
    )
    body(&w, "same")
    return try w.output()
  }

  /// Convolution by loops over H, W, C with weights H, W, in, out (or multiplier), zero padding before.
  private func convolve(
    _ input: Tensor,
    _ weights: Tensor,
    stride: Int,
    dilation: Int = 1,
    before: Int,
    output size: Int,
    isDepthwise: Bool = false
  ) -> [Float] {
    let (height, width, channels) = (input.shape[1], input.shape[2], input.shape[3])
    let (kh, kw, last) = (weights.shape[0], weights.shape[1], weights.shape[3])
    let outputs = isDepthwise ? channels * last : last
    var result: [Float] = []
    for y in 0..<size {
      for x in 0..<size {
        for o in 0..<outputs {
          var sum: Float = 0
          for ky in 0..<kh {
            for kx in 0..<kw {
              let (iy, ix) = (
                y * stride - before + ky * dilation, x * stride - before + kx * dilation
              )
              guard (0..<height).contains(iy), (0..<width).contains(ix) else { continue }
              for c in 0..<channels where !isDepthwise || c == o / last {
                let slot = isDepthwise ? o % last : o
                sum +=
                  input.values[(iy * width + ix) * channels + c]
                  * weights.values[((ky * kw + kx) * channels + c) * last + slot]
              }
            }
          }
          result.append(sum)
        }
      }
    }
    return result
  }

  private func ramp(_ shape: [Int]) -> Tensor {
    Tensor(shape: shape, values: (0..<shape.reduce(1, *)).map { Float($0 % 7) - 3 })
  }

  private func image(_ shape: [Int]) -> Tensor {
    Tensor(shape: shape, values: (0..<shape.reduce(1, *)).map { Float($0 + 1) })
  }

  // MARK: Convolutions

  @Test(arguments: ["Conv2D", "DepthwiseConv2dNative"], [1, 2])
  func `a convolution pads SAME as TensorFlow does`(_ operation: String, _ stride: Int) throws {
    let weights = ramp([3, 3, 2, 3])
    let output = try result([6, 6, 2]) { w, input in
      w.floats("k", weights.shape, weights.values)
      w.node(
        operation,
        "out",
        [input, "k"],
        ["strides": .list([1, stride, stride, 1]), "padding": .text("SAME")]
      )
    }
    // Stride 2 on 6 pixels needs one row of padding, which comes after.
    let expected = convolve(
      image([1, 6, 6, 2]),
      weights,
      stride: stride,
      before: stride == 1 ? 1 : 0,
      output: 6 / stride,
      isDepthwise: operation != "Conv2D"
    )
    #expect(output.values == expected)
  }

  @Test
  func `phases in the batch are a dilation`() throws {
    let weights = ramp([3, 3, 1, 2])
    let output = try result([8, 8, 1]) { w, input in
      w.integers("block", [2], [2, 2])
      w.integers("pads", [2, 2], [2, 2, 2, 2])
      w.integers("crops", [2, 2], [0, 0, 0, 0])
      w.floats("k", weights.shape, weights.values)
      w.node("SpaceToBatchND", "s", [input, "block", "pads"])
      w.node(
        "Conv2D",
        "c",
        ["s", "k"],
        ["strides": .list([1, 1, 1, 1]), "padding": .text("VALID")]
      )
      w.node("BatchToSpaceND", "out", ["c", "block", "crops"])
    }
    let expected = convolve(
      image([1, 8, 8, 1]),
      weights,
      stride: 1,
      dilation: 2,
      before: 2,
      output: 8
    )
    #expect(output.values == expected)
  }

  @Test
  func `channels first comes out channels last with the same values`() throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 2, 3, 3])
    w.convolution("conv", "x", 2, 3, format: "NCHW")
    w.floats("bias", [3], [1, 2, 3])
    w.node("BiasAdd", "biased", ["conv", "bias"], ["data_format": .text("NCHW")])
    w.floats("scale", [3, 1, 1], [1, 10, 100])
    w.node("Mul", "scaled", ["biased", "scale"])
    w.integers("axes", [2], [2, 3])
    w.node("Mean", "pool", ["scaled", "axes"], ["keep_dims": .flag(false)])
    let model = try w.imported()
    #expect(model.graph.shape(of: model.graph.inputs[0]) == [1, 3, 3, 2])
    #expect(!model.graph.nodes.contains { $0.operation.definition.mnemonic == "transpose" })
    // Mean pixel of 1, 2, 3… channels last: (9, 10); weights are 1, 2, 3 and 4, 5, 6.
    let expected: [Float] = [50, 700, 9000]
    #expect(try w.output().values == expected)
  }

  @Test
  func `a flatten of channels first keeps their order`() throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 2, 1, 3])
    w.convolution("conv", "x", 2, 2, format: "NCHW")
    w.integers("shape", [2], [-1, 6])
    w.node("Reshape", "flat", ["conv", "shape"])
    // Pixels (1, 2), (3, 4), (5, 6) through weights (1, 2), (3, 4): channel 0 first.
    #expect(try w.output().values == [7, 15, 23, 10, 22, 34])
  }

  // MARK: Elements

  @Test(
    arguments: [
      ("Add", [2, 3, 4, 5]), ("Sub", [0, 1, 2, 3]), ("Mul", [1, 2, 3, 4]),
      ("Maximum", [1, 2, 3, 4]),
    ] as [(String, [Float])]
  )
  func `an operand of one number`(_ operation: String, _ expected: [Float]) throws {
    let output = try result([2, 2, 1]) { w, input in
      w.floats("one", [], [1])
      w.node(operation, "out", [input, "one"])
    }
    #expect(output.values == expected)
  }

  @Test(
    arguments: [
      ("Sub", [9, 18, 7, 16]), ("RealDiv", [10, 10, 3.333_333_3, 5]), ("Minimum", [1, 2, 3, 4]),
    ] as [(String, [Float])]
  )
  func `an operand a channel on the left`(_ operation: String, _ expected: [Float]) throws {
    let output = try result([1, 2, 2]) { w, input in
      w.floats("channels", [2], [10, 20])
      w.node(operation, "out", ["channels", input])
    }
    #expect(TensorFlowReference.distance(output.values, expected) < 1e-6)
  }

  @Test
  func `a mean image is subtracted`() throws {
    let output = try result([2, 2, 1]) { w, input in
      w.floats("mean", [2, 2, 1], [1, 1, 2, 2])
      w.node("Sub", "out", [input, "mean"])
    }
    #expect(output.values == [0, 1, 1, 2])
  }

  @Test
  func `a maximum of a value and its share is a leaky ReLU`() throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 2, 2, 1])
    w.floats("k", [1, 1, 1, 1], [-1])
    w.node(
      "Conv2D",
      "conv",
      ["x", "k"],
      ["strides": .list([1, 1, 1, 1]), "padding": .text("VALID")]
    )
    w.floats("share", [], [0.25])
    w.node("Mul", "scaled", ["share", "conv"])
    w.node("Maximum", "out", ["scaled", "conv"])
    let model = try w.imported()
    #expect(model.graph.nodes.map { $0.operation.definition.mnemonic } == ["conv", "leaky_relu"])
    #expect(try w.output().values == [-0.25, -0.5, -0.75, -1])
  }

  // MARK: Movement

  @Test
  func `slices, reversals and joins`() throws {
    let output = try result([2, 2, 3]) { w, input in
      w.integers("zeros", [4], [0, 0, 0, 0])
      w.integers("ends", [4], [0, 2, 2, 0])
      w.integers("steps", [4], [1, 1, 1, -1])
      // x[:, :, :, ::-1], then the first two channels of each pixel of row 1.
      w.node(
        "StridedSlice",
        "bgr",
        [input, "zeros", "ends", "steps"],
        ["begin_mask": .integer(15), "end_mask": .integer(15)]
      )
      w.integers("begin", [4], [0, 1, 0, 0])
      w.integers("size", [4], [-1, 1, -1, 2])
      w.node("Slice", "part", ["bgr", "begin", "size"])
      w.integers("axis", [], [3])
      w.node("ConcatV2", "out", ["part", "part", "axis"])
    }
    #expect(output.shape == [1, 1, 2, 4])
    #expect(output.values == [9, 8, 9, 8, 12, 11, 12, 11])
  }

  @Test
  func `a split along channels gives its parts`() throws {
    let output = try result([1, 2, 4]) { w, input in
      w.integers("axis", [], [-1])
      w.node("Split", "parts", ["axis", input], ["num_split": .integer(2)])
      w.node("Sub", "out", ["parts:1", "parts"])
    }
    #expect(output.values == [2, 2, 2, 2])
  }

  @Test
  func `a flatten whose shape is computed`() throws {
    let output = try result([2, 2, 2]) { w, input in
      w.node("Shape", "shape", [input])
      w.integers("zero", [1], [0])
      w.integers("one", [1], [1])
      w.integers("four", [1], [4])
      w.node("Slice", "batch", ["shape", "zero", "one"])
      w.node("StridedSlice", "rest", ["shape", "one", "four", "one"])
      w.node("Prod", "count", ["rest", "zero"], ["keep_dims": .flag(false)])
      w.integers("axis", [], [0])
      w.node("ExpandDims", "wide", ["count", "axis"])
      w.node("ConcatV2", "target", ["batch", "wide", "axis"])
      w.node("Reshape", "out", [input, "target"])
    }
    #expect(output.shape == [1, 8])
  }

  @Test
  func `a shape written for the batch of training is read for one image`() throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [128, 2, 2, 1])
    w.convolution("conv", "x", 1, 2)
    w.integers("shape", [2], [128, 8])
    w.node("Reshape", "out", ["conv", "shape"])
    #expect(try w.output().shape == [1, 8])
  }

  @Test
  func `a flat placeholder becomes an image`() throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 12])
    w.integers("shape", [4], [-1, 2, 3, 2])
    w.node("Reshape", "images", ["x", "shape"])
    w.convolution("conv", "images", 2, 1)
    let model = try w.imported()
    #expect(model.graph.shape(of: model.graph.inputs[0]) == [1, 2, 3, 2])
    #expect(model.graph.nodes.map(\.name) == ["conv"])
  }

  @Test
  func `reductions over height and width`() throws {
    for (operation, expected) in [("Mean", [4, 5]), ("Sum", [16, 20]), ("Max", [7, 8])]
      as [(String, [Float])]
    {
      let output = try result([2, 2, 2]) { w, input in
        w.integers("axes", [2], [1, 2])
        w.node(operation, "out", [input, "axes"], ["keep_dims": .flag(false)])
      }
      #expect(output.shape == [1, 2])
      #expect(output.values == expected)
    }
  }

  @Test
  func `padding keeps its value and channels`() throws {
    let output = try result([1, 1, 2]) { w, input in
      w.integers("pads", [4, 2], [0, 0, 1, 0, 0, 0, 0, 1])
      w.floats("value", [], [9])
      w.node("PadV2", "out", [input, "pads", "value"])
    }
    #expect(output.shape == [1, 2, 1, 3])
    #expect(output.values == [9, 9, 9, 1, 2, 9])
  }
}
