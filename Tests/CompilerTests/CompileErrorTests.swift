import Compiler
import GraphIR
import ModelFormat
import Quantization
import Testing

@Suite("What does not compile")
struct CompileErrorTests {
  func graph(_ build: (inout Graph, ValueID) throws -> ValueID) throws -> Graph {
    var graph = Graph(name: "test")
    let image = graph.addInput(name: "image", shape: [1, 4, 4, 3])
    graph.outputs = [try build(&graph, image)]
    return graph
  }

  func compile(_ graph: Graph, _ options: CompileOptions = CompileOptions()) throws {
    _ = try ModelCompiler.compile(
      graph,
      options: options,
      calibration: .synthetic(count: 1, shape: [1, 4, 4, 3])
    )
  }

  @Test func `all unsupported nodes are listed at once`() throws {
    let graph = try graph { graph, image in
      let ratio = try graph.append(.binary(.divide), name: "ratio", inputs: [image, image])
      let rows = try graph.append(.concat(Concat(axis: 1)), name: "rows", inputs: [ratio, image])
      return try graph.append(.mean(Mean(axes: [3], keepsAxes: true)), name: "grey", inputs: [rows])
    }
    let nodes = [
      UnsupportedNode(
        name: "ratio",
        operation: "divide",
        reason: "division of one tensor by another; expected a constant divisor"
      ),
      UnsupportedNode(
        name: "rows",
        operation: "concat",
        reason: "joins axis 1 of [1, 8, 4, 3], expected the channels"
      ),
      UnsupportedNode(
        name: "grey",
        operation: "mean",
        reason: "mean over axes [3] of [1, 8, 4, 3], expected height and width alone"
      ),
    ]
    #expect(throws: CompileError.unsupported(nodes)) { try compile(graph) }
    #expect(try ModelCompiler.explain(graph).unsupported == nodes)
    #expect(
      "\(CompileError.unsupported([nodes[0]]))"
        == "unsupported: divide \"ratio\": division of one tensor by another; expected a constant divisor"
    )
  }

  @Test func `a constant that no pass folded is named`() throws {
    let graph = try graph { graph, image in
      let constant = graph.addConstant(
        name: "offsets",
        Tensor(shape: [1, 4, 4, 3], values: (0..<48).map { Float($0) })
      )
      return try graph.append(.binary(.add), name: "shift", inputs: [image, constant])
    }
    let node = UnsupportedNode(
      name: "shift",
      operation: "add",
      reason: "reads a constant of shape [1, 4, 4, 3] that no pass could fold"
    )
    #expect(throws: CompileError.unsupported([node])) { try compile(graph) }
  }

  @Test func `labels must be as many as classes`() throws {
    let graph = try graph { graph, image in
      try graph.append(.mean(Mean(axes: [1, 2], keepsAxes: false)), name: "mean", inputs: [image])
    }
    var options = CompileOptions()
    options.labels = ["a", "b"]
    #expect(throws: CompileError.labelCount(found: 2, expected: 3)) { try compile(graph, options) }
    #expect(
      "\(CompileError.labelCount(found: 1000, expected: 1001))"
        == "labels: 1000 names for 1001 classes; does one of them count a background class?"
    )
    options.labels = ["a", "b", "c"]
    try compile(graph, options)
  }

  @Test func `golden images must have the input's size`() throws {
    let graph = try graph { graph, image in
      try graph.append(.mean(Mean(axes: [1, 2], keepsAxes: false)), name: "mean", inputs: [image])
    }
    var options = CompileOptions()
    options.goldenImages = [[UInt8](repeating: 1, count: 48), [1, 2]]
    #expect(throws: CompileError.goldenImageSize(index: 1, found: 2, expected: 48)) {
      try compile(graph, options)
    }
  }

  @Test func `weights that are no numbers are refused with the layer's name`() throws {
    let graph = try graph { graph, image in
      let op = Convolution(
        weights: Tensor(shape: [1, 1, 1, 3], values: [1, .nan, 2]),
        bias: [0]
      )
      return try graph.append(.convolution(op), name: "conv1", inputs: [image])
    }
    #expect(
      throws: CompileError.quantization(
        "layer \"conv1\": weight or bias is nan, expected finite numbers; is the checkpoint damaged?"
      )
    ) { try compile(graph) }
  }

  @Test func `one input and one output are expected`() throws {
    var graph = try graph { graph, image in
      try graph.append(.mean(Mean(axes: [1, 2], keepsAxes: false)), name: "mean", inputs: [image])
    }
    graph.outputs = []
    #expect(throws: CompileError.graph("1 inputs and 0 outputs, expected one of each")) {
      try compile(graph)
    }
  }
}
