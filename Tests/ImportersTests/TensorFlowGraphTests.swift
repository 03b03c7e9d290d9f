import Containers
import GraphIR
import Importers
import Testing

/// Hand-written graphs: what training leaves in them, and how TensorFlow's operators come out.
struct TensorFlowGraphTests {
  // MARK: Dropout

  enum Dropout: String, CaseIterable {
    case dividedByPlaceholder, multipliedByInverse, constantShare, rate, rateBySelection
  }

  /// A dropout between a convolution and a bias, as `tf.nn.dropout` of different years wrote it.
  private func dropout(_ form: Dropout, on input: String, _ w: inout TensorFlowGraphWriter) {
    w.node("Shape", "d/Shape", [input])
    w.node("RandomUniform", "d/RandomUniform", ["d/Shape"], ["dtype": .type(.float32)])
    w.floats("d/range", [], [1])
    w.node("Mul", "d/mul_range", ["d/RandomUniform", "d/range"])
    w.floats("d/min", [], [0])
    w.node("Add", "d/uniform", ["d/mul_range", "d/min"])
    switch form {
    case .dividedByPlaceholder, .multipliedByInverse:
      w.placeholder("keep_prob", nil)
    case .constantShare:
      w.floats("keep_prob", [], [0.5])
    case .rate, .rateBySelection:
      w.placeholder("rate", nil)
      w.floats("d/one", [], [1])
      w.node("Sub", "keep_prob", ["d/one", "rate"])
      w.node("RealDiv", "d/scale", ["d/one", "keep_prob"])
    }
    switch form {
    case .dividedByPlaceholder, .constantShare:
      w.node("Add", "d/add", ["keep_prob", "d/uniform"])
      w.node("Floor", "d/Floor", ["d/add"])
      w.node(form == .constantShare ? "RealDiv" : "Div", "d/div", [input, "keep_prob"])
      w.node("Mul", "dropped", ["d/div", "d/Floor"])
    case .multipliedByInverse:
      w.node("Add", "d/add", ["keep_prob", "d/uniform"])
      w.node("Floor", "d/Floor", ["d/add"])
      w.node("Inv", "d/Inv", ["keep_prob"])
      w.node("Mul", "d/scaled", [input, "d/Inv"])
      w.node("Mul", "dropped", ["d/scaled", "d/Floor"])
    case .rate:
      w.node("GreaterEqual", "d/keep", ["d/uniform", "rate"])
      w.node("Mul", "d/scaled", [input, "d/scale"])
      w.node("Cast", "d/Cast", ["d/keep"], ["DstT": .type(.float32)])
      w.node("Mul", "dropped", ["d/scaled", "d/Cast"])
    case .rateBySelection:
      w.node("GreaterEqual", "d/keep", ["d/uniform", "rate"])
      w.node("Mul", "d/scaled", [input, "d/scale"])
      w.node("SelectV2", "dropped", ["d/keep", "d/scaled", "d/min"])
    }
  }

  @Test(arguments: Dropout.allCases)
  func `dropout disappears in every form`(_ form: Dropout) throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 2, 2, 1])
    w.convolution("conv", "x", 1, 2)
    dropout(form, on: "conv", &w)
    w.node("Relu", "out", ["dropped"])
    let model = try w.imported()
    #expect(model.graph.nodes.map(\.name) == ["conv", "out"])
    #expect(try w.output().values == [1, 2, 2, 4, 3, 6, 4, 8])
  }

  @Test
  func `random numbers that are no dropout are refused`() {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 2, 2, 1])
    w.convolution("conv", "x", 1, 2)
    w.node("Shape", "shape", ["conv"])
    w.node("RandomUniform", "noise", ["shape"], ["dtype": .type(.float32)])
    w.node("Add", "noisy", ["conv", "noise"])
    w.node("Relu", "out", ["noisy"])
    #expect(
      w.message()
        == "model.pb: 1 unsupported operator: Add \"noisy\" (of random numbers, not a dropout that is known)"
    )
  }

  // MARK: Training parts

  @Test
  func `losses, gradients and summaries are dropped`() throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 1, 1, 2])
    w.placeholder("labels", [-1, 3])
    w.convolution("conv", "x", 2, 3)
    w.integers("flat", [2], [-1, 3])
    w.node("Reshape", "logits", ["conv", "flat"])
    w.node("Softmax", "probabilities", ["logits"])
    w.node("Reshape", "loss/Reshape", ["logits", "flat"])
    w.node("SoftmaxCrossEntropyWithLogits", "loss", ["loss/Reshape", "labels"])
    w.node("LogSoftmax", "gradients/loss_grad/LogSoftmax", ["loss/Reshape"])
    w.node("Neg", "gradients/loss_grad/Neg", ["gradients/loss_grad/LogSoftmax"])
    w.node("Mul", "gradients/loss_grad/mul", ["gradients/loss_grad/Neg", "loss:1"])
    w.node("Relu6Grad", "gradients/grad", ["loss:1", "conv"])
    w.node("HistogramSummary", "summary", ["labels", "probabilities"])
    w.node("ArgMax", "argmax", ["probabilities", "flat"])
    w.node("Shape", "shape", ["logits"])
    let model = try w.imported()
    #expect(model.graph.nodes.map(\.name) == ["conv", "logits", "probabilities"])
    #expect(model.notes == ["10 of 16 nodes do not lead to the output"])
  }

  @Test
  func `the tower that a loss reads is taken`() throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 1, 1, 2])
    w.placeholder("other", [-1, 1, 1, 2])
    w.placeholder("labels", nil, type: .int32)
    w.convolution("a", "x", 2, 3)
    w.convolution("b", "other", 2, 3)
    w.node("SparseSoftmaxCrossEntropyWithLogits", "loss", ["a", "labels"])
    let model = try w.imported()
    #expect(model.graph.inputs.map { model.graph[$0].name } == ["x"])
    #expect(model.graph.outputs.map { model.graph[$0].name } == ["a"])
  }

  @Test
  func `several outputs are listed, and one can be named`() throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 1, 1, 2])
    w.convolution("a", "x", 2, 3)
    w.convolution("b", "x", 2, 4)
    #expect(
      w.message()
        == "model.pb: 2 possible outputs, found \"a\", \"b\"; choose with --output NAME"
    )
    let model = try w.imported { $0.outputs = ["b:0"] }
    #expect(model.graph.nodes.map(\.name) == ["b"])
    #expect(
      w.message { $0.outputs = ["c"] }
        == "model.pb: no output \"c\", found \"a\", \"b\""
    )
    #expect(w.message { $0.input = "y" } == "model.pb: no input \"y\", found \"x\"")
  }

  @Test
  func `all operators that cannot be converted are named at once`() {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 4, 4, 1])
    w.convolution("conv", "x", 1, 2)
    w.node("Fold3D", "first", ["conv"])
    w.node("Relu", "relu", ["first"])
    w.node("Wavelet", "second", ["relu"])
    w.integers("pads", [4, 2], [0, 0, 1, 1, 1, 1, 0, 0])
    w.node("MirrorPad", "third", ["conv", "pads"], ["mode": .text("REFLECT")])
    w.node("Add", "out", ["second", "third"])
    #expect(
      w.message()
        == "model.pb: 3 unsupported operators: Fold3D \"first\", Wavelet \"second\", "
        + "MirrorPad \"third\" (pads by reflection, expected a constant)"
    )
  }

  @Test
  func `variables without values are named`() {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 4, 4, 1])
    w.node("VariableV2", "w", [], ["dtype": .type(.float32), "shape": .shape([1, 1, 1, 2])])
    w.node(
      "Conv2D",
      "conv",
      ["x", "w"],
      ["strides": .list([1, 1, 1, 1]), "padding": .text("SAME")]
    )
    #expect(w.message() == "model.pb: parameters do not fit the network: missing \"w\"")
  }

  @Test
  func `a size left open is asked for`() throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, -1, -1, 1])
    w.convolution("conv", "x", 1, 2)
    #expect(
      w.message()
        == "model.pb: input \"x\": its shape is [-1, -1, -1, 1]; give its size with --input-size HxW"
    )
    let model = try w.imported { $0.inputSize = (6, 5) }
    #expect(model.graph.shape(of: model.graph.inputs[0]) == [1, 6, 5, 1])
  }

  @Test(
    arguments: [
      ([("a", "Relu", ["b"]), ("a", "Relu", ["b"])], "node \"a\": two nodes have this name"),
      ([("a", "Relu", ["b:1"])], "node \"a\": input \"b:1\" is not in the graph"),
    ] as [([(String, String, [String])], String)]
  )
  func `a graph that does not fit together is refused`(
    _ nodes: [(String, String, [String])],
    _ expected: String
  ) {
    var w = TensorFlowGraphWriter()
    for (name, operation, inputs) in nodes { w.node(operation, name, inputs) }
    #expect(w.message() == "model.pb: " + expected)
  }

  @Test
  func `a loop is refused`() {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 4, 4, 1])
    w.convolution("conv", "x", 1, 2)
    w.node("Add", "a", ["conv", "b"])
    w.node("Relu", "b", ["a"])
    #expect(w.message { $0.outputs = ["a"] } == "model.pb: the graph runs in a circle")
  }

  // MARK: Batch normalization

  private func conditional(_ flag: String, _ w: inout TensorFlowGraphWriter) {
    w.node("Switch", "cond/Switch", [flag, flag])
    w.node("Identity", "cond/switch_t", ["cond/Switch:1"])
    w.node("Identity", "cond/pred_id", [flag])
  }

  /// y = (x − mean) ÷ √(variance + ε) × gamma + beta of channel c, at x = c + 1.
  private let normalized: [Float] = (0..<2).map { channel in
    let x: [Float] = [1, 2]
    let (gamma, beta): ([Float], [Float]) = ([2, 3], [10, 20])
    let (mean, variance): ([Float], [Float]) = ([0.5, 4], [0.249, 3.999])
    return (x[channel] - mean[channel]) / (variance[channel] + 0.001).squareRoot()
      * gamma[channel] + beta[channel]
  }

  @Test
  func `batch normalization under a condition takes the branch of inference`() throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 1, 1, 1])
    w.placeholder("Placeholder_1", nil, type: .bool)
    w.convolution("conv", "x", 1, 2)
    w.floats("gamma", [2], [2, 3])
    w.floats("beta", [2], [10, 20])
    w.floats("moving_mean", [2], [0.5, 4])
    w.floats("moving_variance", [2], [0.249, 3.999])
    w.integers("axes", [3], [0, 1, 2])
    w.node("Mean", "moments/mean", ["conv", "axes"], ["keep_dims": .flag(false)])
    w.node("SquaredDifference", "moments/squares", ["conv", "moments/mean"])
    w.node("Mean", "moments/variance", ["moments/squares", "axes"], ["keep_dims": .flag(false)])
    conditional("Placeholder_1", &w)
    for (batch, moving) in [("mean", "moving_mean"), ("variance", "moving_variance")] {
      w.node("Switch", "cond/\(batch)/Switch", ["moments/" + batch, "cond/pred_id"])
      w.node("Switch", "cond/\(batch)/Switch_1", [moving, "cond/pred_id"])
      w.node("Merge", batch, ["cond/\(batch)/Switch_1", "cond/\(batch)/Switch:1"])
    }
    w.floats("epsilon", [], [0.001])
    w.node("Add", "bn/add", ["variance", "epsilon"])
    w.node("Rsqrt", "bn/Rsqrt", ["bn/add"])
    w.node("Mul", "bn/mul", ["bn/Rsqrt", "gamma"])
    w.node("Mul", "bn/mul_1", ["conv", "bn/mul"])
    w.node("Mul", "bn/mul_2", ["mean", "bn/mul"])
    w.node("Sub", "bn/sub", ["beta", "bn/mul_2"])
    w.node("Add", "bn/add_1", ["bn/mul_1", "bn/sub"])
    #expect(TensorFlowReference.distance(try w.output().values, normalized) < 1e-4)
    #expect(
      try w.imported().notes.first == "placeholder \"Placeholder_1\" is false at inference"
    )
  }

  @Test(arguments: ["bn/moving_mean", "elsewhere"], [false, true])
  func `batch normalization built for training takes moving averages`(
    _ mean: String,
    _ isFused: Bool
  ) throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 1, 1, 1])
    w.convolution("conv", "x", 1, 2)
    w.floats("bn/gamma", [2], [2, 3])
    w.floats("bn/beta", [2], [10, 20])
    w.floats(mean, [2], [0.5, 4])
    w.floats("bn/moving_variance", [2], [0.249, 3.999])
    w.floats("decay", [], [0.1])
    func update(_ variable: String, _ statistic: String) {
      w.node("Sub", "update/\(variable)/sub", [variable, statistic])
      w.node("Mul", "update/\(variable)/mul", ["update/\(variable)/sub", "decay"])
      w.node("AssignSub", "update/\(variable)", [variable, "update/\(variable)/mul"])
    }
    if isFused {
      w.floats("none", [0], [])
      w.node(
        "FusedBatchNormV2",
        "out",
        ["conv", "bn/gamma", "bn/beta", "none", "none"],
        ["is_training": .flag(true), "epsilon": .float(0.001)]
      )
      update(mean, "out:1")
      update("bn/moving_variance", "out:2")
    } else {
      w.integers("axes", [3], [0, 1, 2])
      w.node("Mean", "mean", ["conv", "axes"], ["keep_dims": .flag(true)])
      w.node("StopGradient", "stop", ["mean"])
      w.node("SquaredDifference", "squares", ["conv", "stop"])
      w.node("Mean", "variance", ["squares", "axes"], ["keep_dims": .flag(true)])
      w.node("Squeeze", "mean/Squeeze", ["mean"], ["squeeze_dims": .list([0, 1, 2])])
      w.node("Squeeze", "variance/Squeeze", ["variance"], ["squeeze_dims": .list([0, 1, 2])])
      update(mean, "mean/Squeeze")
      update("bn/moving_variance", "variance/Squeeze")
      w.floats("epsilon", [], [0.001])
      w.node("AddV2", "bn/add", ["variance/Squeeze", "epsilon"])
      w.node("Rsqrt", "bn/Rsqrt", ["bn/add"])
      w.node("Mul", "bn/mul", ["bn/Rsqrt", "bn/gamma"])
      w.node("Mul", "bn/mul_1", ["conv", "bn/mul"])
      w.node("Mul", "bn/mul_2", ["mean/Squeeze", "bn/mul"])
      w.node("Sub", "bn/sub", ["bn/beta", "bn/mul_2"])
      w.node("AddV2", "out", ["bn/mul_1", "bn/sub"])
    }
    #expect(TensorFlowReference.distance(try w.output().values, normalized) < 1e-4)
  }

  // MARK: Damage

  @Test
  func `a damaged or truncated graph never traps`() throws {
    var w = TensorFlowGraphWriter()
    w.placeholder("x", [-1, 2, 2, 1])
    w.convolution("conv", "x", 1, 2)
    w.node("Shape", "s", ["conv"])
    w.integers("b", [1], [0])
    w.integers("e", [1], [1])
    w.node("StridedSlice", "n", ["s", "b", "e", "e"], ["shrink_axis_mask": .integer(1)])
    w.integers("m", [], [-1])
    w.node("Pack", "p", ["n", "m"], ["axis": .integer(0)])
    w.node("Reshape", "flat", ["conv", "p"])
    w.floats("k", [8, 2], [1, 2])
    w.node("MatMul", "fc", ["flat", "k"])
    w.node("Softmax", "out", ["fc"])
    let bytes = [UInt8](try w.graph.serializedData())
    #expect(try TensorFlowGraphWriter.imported(bytes).graph.nodes.count == 4)
    var valid = 0
    for place in bytes.indices {
      for mask: UInt8 in [0x01, 0x80, 0xFF] {
        var damaged = bytes
        damaged[place] ^= mask
        if let model = try? TensorFlowGraphWriter.imported(damaged) {
          #expect(!model.graph.outputs.isEmpty)
          valid += 1
        }
      }
      if place > 0, let model = try? TensorFlowGraphWriter.imported(Array(bytes.prefix(place))) {
        #expect(!model.graph.outputs.isEmpty)
      }
    }
    #expect(valid > 0 && valid < 3 * bytes.count)
  }
}
