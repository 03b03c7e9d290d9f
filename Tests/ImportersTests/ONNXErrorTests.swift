import Foundation
import GraphIR
import Testing

@testable import Importers

struct ONNXErrorTests {
  @Test func `all unsupported operators are reported at once`() {
    var model = ONNXTestModel()
    model.node("LSTM", ["x"], ["a"], name: "memory")
    model.node("FusedConv", ["x"], ["b"], domain: "com.microsoft")
    model.node("Relu", ["a"], ["c"])
    model.node("Add", ["b", "c"], ["y"])
    model.node("Loop", ["x"], ["unused"])
    #expect(
      model.message()
        == "model.onnx: 2 unsupported operators: LSTM \"memory\", com.microsoft.FusedConv \"b\""
    )
  }

  @Test func `an already quantized model is refused`() {
    var model = ONNXTestModel()
    model.floats("scale", [], [0.1])
    model.node("QuantizeLinear", ["x", "scale"], ["q"], name: "quantize")
    model.node("DequantizeLinear", ["q", "scale"], ["y"])
    #expect(
      model.message()
        == "model.onnx: node \"quantize\": QuantizeLinear: the model is already quantized; convert the float model"
    )
  }

  @Test func `what does not fit names the node`() {
    var model = ONNXTestModel()
    model.floats("w", [1, 3, 1, 1], [1, 2, 3])
    model.node("Conv", ["x", "w"], ["y"], name: "first")
    #expect(
      model.message()
        == "model.onnx: node \"first\": Conv: input has 2 channels, weights [1, 1, 1, 3] with 1 groups expect 3"
    )
  }

  @Test func `weights that are not numbers are refused`() {
    var model = ONNXTestModel()
    model.floats("w", [1, 2, 1, 1], [1, .nan])
    model.node("Conv", ["x", "w"], ["y"], name: "first")
    #expect(
      model.message()
        == "model.onnx: node \"first\": Conv: \"w\" holds a value that is not finite"
    )
  }

  @Test func `operator sets before 7 are refused`() {
    var model = ONNXTestModel(opset: 6)
    model.node("Relu", ["x"], ["y"])
    #expect(
      model.message()
        == "model.onnx: operator set 6, expected 7 or later; export the model again"
    )
  }

  @Test func `an open size asks for it, and takes it`() throws {
    var model = ONNXTestModel(input: [0, 3, 0, 0])
    model.node("Relu", ["x"], ["y"])
    #expect(
      model.message()
        == "model.onnx: input \"x\": shape [?, 3, ?, ?] leaves its size open; give it with --input-size HxW"
    )
    let imported = try model.importModel { $0.inputSize = (5, 7) }
    #expect(imported.graph.shape(of: imported.graph.inputs[0]) == [1, 5, 7, 3])
  }

  @Test func `several classifier outputs must be chosen from`() throws {
    var model = ONNXTestModel(input: [1, 4])
    model.record.graph.output = [ONNXTestModel.value("y", nil), ONNXTestModel.value("z", nil)]
    model.node("Relu", ["x"], ["y"])
    model.node("Sigmoid", ["x"], ["z"])
    #expect(
      model.message()
        == "model.onnx: 2 possible outputs, found \"y\", \"z\"; choose with --output NAME"
    )
    let imported = try model.importModel { $0.outputs = ["z"] }
    #expect(imported.graph.nodes.map(\.operation) == [.unary(.sigmoid)])
    #expect(
      model.message { $0.outputs = ["w"] }
        == "model.onnx: no output \"w\", found \"y\", \"z\""
    )
  }

  @Test func `labels are left out in favour of scores`() throws {
    var model = ONNXTestModel(input: [1, 4])
    model.record.graph.output = [ONNXTestModel.value("label", nil), ONNXTestModel.value("z", nil)]
    model.node("Softmax", ["x"], ["p"])
    model.node("ArgMax", ["p"], ["label"])
    model.node("ZipMap", ["p"], ["z"], domain: "ai.onnx.ml")
    let imported = try model.importModel()
    #expect(imported.graph.nodes.map(\.operation) == [.softmax(Softmax())])
    #expect(imported.notes == ["output \"label\" was left out, it holds labels"])
  }

  @Test func `two images as input must be chosen from`() {
    var model = ONNXTestModel()
    model.record.graph.input.append(ONNXTestModel.value("z", [1, 2, 4, 4]))
    model.node("Add", ["x", "z"], ["y"])
    #expect(
      model.message()
        == "model.onnx: 2 possible inputs, found \"x\", \"z\"; choose with --input NAME"
    )
  }

  @Test(arguments: ["../weights", "/etc/passwd", "a/../../b", ""])
  func `external data stays in the model's folder`(location: String) {
    var model = ONNXTestModel()
    model.floats("w", [1, 2, 1, 1], [])
    model.record.graph.initializer[0].dataLocation = 1
    var entry = ONNXEntry()
    entry.key = "location"
    entry.value = location
    model.record.graph.initializer[0].externalData = [entry]
    model.node("Conv", ["x", "w"], ["y"])
    #expect(
      model.message()
        == "model.onnx: initializer \"w\": external data in \"\(location)\", expected a file beside the model"
    )
  }

  @Test func `missing external data is named`() {
    var model = ONNXTestModel()
    model.floats("w", [1, 2, 1, 1], [])
    model.record.graph.initializer[0].dataLocation = 1
    var entry = ONNXEntry()
    entry.key = "location"
    entry.value = "model.weights"
    model.record.graph.initializer[0].externalData = [entry]
    model.node("Conv", ["x", "w"], ["y"])
    #expect(
      model.message()
        == "model.onnx: \"model.weights\", which holds its weights, is missing beside it; copy it there"
    )
  }

  @Test func `extents that do not fit the bytes are refused before anything is allocated`() {
    var model = ONNXTestModel()
    model.floats("w", [1 << 20, 1 << 19, 1, 1], [1])
    model.node("Conv", ["x", "w"], ["y"])
    #expect(
      model.message()
        == "model.onnx: initializer \"w\": does not hold the 549755813888 values of its shape [1048576, 524288, 1, 1]"
    )
  }

  @Test(arguments: [[1 << 40], [1 << 31, 1 << 31, 4], [-5]] as [[Int64]])
  func `constant folding allocates no more than a limit`(shape: [Int64]) {
    var model = ONNXTestModel()
    model.integers("shape", shape)
    model.node("ConstantOfShape", ["shape"], ["c"], name: "fill")
    model.node("Add", ["x", "c"], ["y"])
    #expect(
      model.message()
        == "model.onnx: node \"fill\": ConstantOfShape: shape \(shape), expected at most 16777216 elements"
    )
  }

  @Test func `an absurd input is refused`() {
    var model = ONNXTestModel(input: [1, 1 << 20, 1 << 20, 1])
    model.node("Relu", ["x"], ["y"])
    #expect(
      model.message()
        == "model.onnx: input \"x\": shape [1, 1048576, 1048576, 1], expected at most 2^24 elements"
    )
  }

  @Test func `nodes in a circle are refused`() {
    var model = ONNXTestModel()
    model.node("Add", ["x", "b"], ["a"], name: "one")
    model.node("Relu", ["a"], ["b"], name: "two")
    model.node("Relu", ["b"], ["y"])
    #expect(model.message() == "model.onnx: node \"two\": needs its own output")
  }

  @Test func `unsorted nodes are sorted`() throws {
    var model = ONNXTestModel()
    model.node("Relu", ["a"], ["y"])
    model.node("Sigmoid", ["x"], ["a"])
    let imported = try model.importModel()
    #expect(imported.graph.nodes.map(\.operation) == [.unary(.sigmoid), .unary(.relu)])
  }

  @Test func `an intermediate value can be the output, by its node's name too`() throws {
    var model = ONNXTestModel()
    model.node("Sigmoid", ["x"], ["a"], name: "middle")
    model.node("LSTM", ["a"], ["y"])
    for name in ["a", "middle"] {
      let imported = try model.importModel { $0.outputs = [name] }
      #expect(imported.graph.nodes.map(\.operation) == [.unary(.sigmoid)])
    }
  }

  @Test func `initializers are replaced by name`() throws {
    var model = ONNXTestModel()
    model.floats("w", [1, 2, 1, 1], [1, 2])
    model.floats("b", [1], [3])
    model.node("Conv", ["x", "w", "b"], ["y"])
    let weights = Tensor(shape: [1, 2, 1, 1], values: [5, 6])
    let imported = try model.importModel(parameters: [
      "w": weights, "b": Tensor(shape: [1], values: [7]),
      "bn.num_batches_tracked": Tensor(shape: [], values: [4]),
    ])
    guard case .convolution(let layer) = imported.graph.nodes[0].operation else {
      Issue.record("no convolution")
      return
    }
    #expect(layer.weights.values == [5, 6])
    #expect(layer.bias == [7])
    let error = #expect(throws: ImportError.self) {
      try model.importModel(parameters: ["w": weights.reshaped([2, 1, 1, 1]), "c": weights])
    }
    guard case .parameterMismatch(_, let missing, let unexpected, let wrong) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(missing == ["b"])
    #expect(unexpected == ["c"])
    #expect(wrong == ["w [2, 1, 1, 1], expected [1, 2, 1, 1]"])
  }

  @Test func `a shuffle that two branches read is done once`() throws {
    var model = ONNXTestModel(input: [1, 6, 8, 8])
    model.integers("split", [1, 2, 3, 8, 8])
    model.integers("merge", [1, 6, 8, 8])
    model.node("Reshape", ["x", "split"], ["a"])
    model.node("Transpose", ["a"], ["b"], ints: ["perm": [0, 2, 1, 3, 4]])
    model.node("Reshape", ["b", "merge"], ["c"])
    model.node("Split", ["c"], ["left", "right"], numbers: ["axis": 1])
    model.node("Relu", ["right"], ["d"])
    model.node("Concat", ["d", "left"], ["y"], numbers: ["axis": 1])
    let graph = try model.importModel().graph
    #expect(
      graph.nodes.map(\.operation.definition.mnemonic)
        == ["gather_channels", "slice", "slice", "clamp", "concat"]
    )
  }
}
