import GraphIR
import Testing

private func image(_ height: Int, _ width: Int, _ channels: Int, _ values: [Float]) -> Tensor {
  Tensor(shape: [1, height, width, channels], values: values)
}

@Suite struct `an operator` {
  @Test func `maximum ignores padding, average counts it or not`() {
    let input = image(2, 2, 1, [-1, -2, -3, -4])
    let window = Window(
      kernel: (2, 2),
      stride: (2, 2),
      padding: Padding(top: 1, left: 1, bottom: 1, right: 1)
    )
    #expect(
      Operation.maxPool(Pooling(window: window)).definition.evaluate([input]).values
        == [-1, -2, -3, -4]
    )
    #expect(
      Operation.averagePool(Pooling(window: window)).definition.evaluate([input]).values
        == [-1, -2, -3, -4]
    )
    #expect(
      Operation.averagePool(Pooling(window: window, countIncludesPadding: true)).definition
        .evaluate([input]).values == [-0.25, -0.5, -0.75, -1]
    )
  }

  @Test func `a ceil-mode average divides by the taps inside the padded input`() {
    // 3 rows, kernel 2, stride 2, ceil: the last window has one row of input and none of padding.
    let window = Window(kernel: (2, 1), stride: (2, 1), ceilMode: true)
    let pooling = Pooling(window: window, countIncludesPadding: true)
    #expect(
      Operation.averagePool(pooling).definition.evaluate([image(3, 1, 1, [1, 3, 5])]).values
        == [2, 5]
    )
  }

  @Test func `mean over height and width drops or keeps the axes`() throws {
    let input = image(2, 2, 2, [1, 10, 2, 20, 3, 30, 4, 40])
    let mean = Mean(axes: [2, 1], keepsAxes: false)
    #expect(mean.evaluate([input]) == Tensor(shape: [1, 2], values: [2.5, 25]))
    #expect(try Mean(axes: [1, 2], keepsAxes: true).outputShape([[1, 2, 2, 2]]) == [1, 1, 1, 2])
  }

  @Test(
    arguments: [
      (UnaryFunction.relu6, [-1, 0, 3, 9], [0, 0, 3, 6]),
      (.leakyReLU(slope: 0.1), [-1, 0, 3, 9], [-0.1, 0, 3, 9]),
      (.hardSwish, [-4, 0, 3, 1], [0, 0, 3, 2.0 / 3]),
      (.silu, [0, 1, -1, 20], [0, 0.731_058_6, -0.268_941_4, 20]),
      (.gelu, [0, 1, -1, 20], [0, 0.841_344_7, -0.158_655_3, 20]),
      (.mish, [0, 1, -1, 40], [0, 0.865_098_4, -0.303_401_5, 40]),
      (.softplus, [0, 1, -1, 40], [0.693_147_2, 1.313_261_7, 0.313_261_7, 40]),
      (.elu(alpha: 2), [0, 1, -1, 3], [0, 1, -1.264_241_1, 3]),
      (.power(exponent: 3), [0, 1, -2, 3], [0, 1, -8, 27]),
    ] as [(UnaryFunction, [Float], [Float])]
  )
  func `a unary function has its known values`(
    function: UnaryFunction,
    inputs: [Float],
    expected: [Float]
  ) {
    let output = function.evaluate([Tensor(shape: [4], values: inputs)])
    for (value, known) in zip(output.values, expected) { #expect(abs(value - known) < 2e-6) }
  }

  @Test func `binary functions broadcast like NumPy`() throws {
    let a = image(1, 2, 2, [1, 2, 3, 4])
    let b = Tensor(shape: [2], values: [10, 20])
    #expect(BinaryFunction.add.evaluate([a, b]).values == [11, 22, 13, 24])
    let c = Tensor(shape: [1, 1, 2, 1], values: [2, 3])
    #expect(BinaryFunction.multiply.evaluate([c, a]).values == [2, 4, 9, 12])
    #expect(throws: GraphError("shapes [3] and [2] do not broadcast")) {
      try BinaryFunction.add.outputShape([[3], [2]])
    }
  }

  @Test func `concatenation, slice, pad and gather move what they should`() {
    let a = image(1, 2, 1, [1, 2])
    let b = image(1, 2, 2, [3, 4, 5, 6])
    #expect(Concat(axis: 3).evaluate([a, b]).values == [1, 3, 4, 2, 5, 6])
    #expect(Concat(axis: 2).evaluate([a, a]).values == [1, 2, 1, 2])
    #expect(
      Slice(start: [0, 0, 0, 1], extent: [1, 1, 2, 1]).evaluate([b]).values == [4, 6]
    )
    #expect(
      Pad(padding: Padding(left: 1), channels: (0, 1), value: 9).evaluate([a]).values
        == [9, 9, 1, 9, 2, 9]
    )
    #expect(GatherChannels(shuffling: 6, groups: 2).indices == [0, 3, 1, 4, 2, 5])
    #expect(GatherChannels(indices: [1, 1, 0]).evaluate([b]).values == [4, 4, 3, 6, 6, 5])
  }

  @Test func `a transposition turns axes`() {
    let t = Tensor(shape: [2, 3], values: [1, 2, 3, 4, 5, 6])
    #expect(t.transposed([1, 0]) == Tensor(shape: [3, 2], values: [1, 4, 2, 5, 3, 6]))
    #expect(t.transposed([1, 0]).transposed([1, 0]) == t)
  }

  @Test func `softmax sums to one and does not overflow`() {
    let output = Softmax().evaluate([Tensor(shape: [1, 3], values: [1000, 1000, -1000])])
    #expect(output.values == [0.5, 0.5, 0])
    let log = Softmax(isLogarithmic: true).evaluate([Tensor(shape: [1, 2], values: [0, 0])])
    #expect(abs(log.values[0] + 0.693_147_2) < 1e-6)
  }

  @Test func `normalization across channels clips its window at the ends`() {
    let op = LocalResponseNormalization(size: 3, alpha: 1, beta: 1, bias: 1)
    let output = op.evaluate([Tensor(shape: [1, 1, 1, 3], values: [1, 2, 3])])
    let expected: [Float] = [1 / 6, 2 / 15, 3 / 14]
    #expect(output.values == expected)
  }

  @Test(
    arguments: [
      (Resize.Coordinates.halfPixel, true, [1, 1.25, 1.75, 2]),
      (.alignCorners, true, [1, 1 + 1.0 / 3, 1 + 2.0 / 3, 2]), (.asymmetric, true, [1, 1.5, 2, 2]),
      (.asymmetric, false, [1, 1, 2, 2]), (.halfPixel, false, [1, 1, 2, 2]),
    ] as [(Resize.Coordinates, Bool, [Float])]
  )
  func `resizing follows its coordinate rule`(
    coordinates: Resize.Coordinates,
    isBilinear: Bool,
    expected: [Float]
  ) {
    let op = Resize(height: 1, width: 4, isBilinear: isBilinear, coordinates: coordinates)
    for (value, known) in zip(op.evaluate([image(1, 2, 1, [1, 2])]).values, expected) {
      #expect(abs(value - known) < 1e-6)
    }
  }
}

@Suite struct `a graph` {
  @Test func `refuses a node that reads what is not there yet`() throws {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", shape: [1, 2])
    let later = graph.addValue(name: "later", shape: [1, 2])
    let y = try graph.append(.binary(.add), name: "y", inputs: [x, later])
    graph.outputs = [y]
    #expect(throws: GraphError("reads \"later\" before it is computed", node: "y")) {
      try graph.verify()
    }
  }

  @Test func `names a value once`() {
    var graph = Graph(name: "g")
    let names = (0..<3).map { _ in
      let id = graph.addValue(name: "x", shape: [1])
      return graph[id].name
    }
    #expect(names == ["x", "x#1", "x#2"])
  }

  @Test func `drops what nobody reads`() throws {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", shape: [1, 2])
    let used = try graph.append(.unary(.relu), name: "used", inputs: [x])
    let dead = try graph.append(.unary(.tanh), name: "dead", inputs: [used])
    _ = try graph.append(.unary(.exp), name: "deader", inputs: [dead])
    graph.outputs = [used]
    #expect(graph.removeDeadNodes() == 2)
    #expect(graph.nodes.map(\.name) == ["used"])
  }

  @Test func `an evaluator refuses an input of another shape`() throws {
    var graph = Graph(name: "g")
    let x = graph.addInput(name: "x", shape: [1, 2])
    graph.outputs = [try graph.append(.unary(.relu), name: "y", inputs: [x])]
    #expect(throws: GraphError("input \"x\" has shape [3], expected [1, 2]")) {
      try FloatEvaluator(graph).run([Tensor(shape: [3], repeating: 0)])
    }
  }
}
