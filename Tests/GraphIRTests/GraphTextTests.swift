import GraphIR
import Testing

struct GraphTextTests {
  @Test func `a graph prints a line a node, channels first`() throws {
    var graph = Graph(name: "small")
    let image = graph.addInput(name: "image", shape: [1, 28, 20, 3])
    let conv = try graph.append(
      .convolution(
        Convolution(
          weights: Tensor(shape: [8, 3, 5, 3], repeating: 0.5),
          bias: [Float](repeating: 0, count: 8),
          stride: (2, 1),
          padding: Padding(top: 1, left: 2, bottom: 1, right: 2)
        )
      ),
      name: "conv 1",
      inputs: [image]
    )
    let relu = try graph.append(.unary(.relu6), name: "relu", inputs: [conv])
    let pool = try graph.append(
      .averagePool(Pooling(window: Window(kernel: (2, 2), stride: (2, 2)))),
      name: "pool",
      inputs: [relu]
    )
    let cut = try graph.append(
      .slice(Slice(start: [0, 0, 1, 2], extent: [1, 3, 2, 4])),
      name: "cut",
      inputs: [pool]
    )
    let flat = try graph.append(.reshape(Reshape(shape: [1, 24])), name: "flat", inputs: [cut])
    let scores = try graph.append(
      .fullyConnected(
        FullyConnected(weights: Tensor(shape: [2, 24], repeating: 1), bias: [0, 0])
      ),
      name: "relu",
      inputs: [flat]
    )
    graph.outputs = [try graph.append(.softmax(Softmax()), name: "p", inputs: [scores])]
    #expect(
      graph.text == """
        input image 3x28x20
        conv_1 = conv(image, out=8, kernel=3x5, stride=2x1, pad=1:2:1:2)  # 8x14x20
        relu = relu6(conv_1)  # 8x14x20
        pool = avgpool(relu, kernel=2, stride=2, count_include_pad=no)  # 8x7x10
        cut = slice(pool, start=0:2:0:1, size=1:4:3:2, step=1:1:1:1)  # 4x3x2
        flat = stored_reshape(cut, shape=1x24)  # 24
        relu_1 = linear(flat, out=2)  # 2
        p = softmax(relu_1)  # 2
        output p

        """
    )
  }

  @Test func `parameters come in PyTorch's layouts`() throws {
    var graph = Graph(name: "small")
    let image = graph.addInput(name: "image", shape: [1, 1, 2, 3])
    let conv = try graph.append(
      .convolution(
        Convolution(
          weights: Tensor(shape: [1, 1, 2, 3], values: [0, 1, 2, 3, 4, 5]),
          bias: [7],
          padding: Padding(left: 1)
        )
      ),
      name: "conv",
      inputs: [image]
    )
    let linear = FullyConnected(
      weights: Tensor(shape: [1, 6], values: [0, 1, 2, 3, 4, 5]),
      bias: [8]
    )
    graph.outputs = [
      conv,
      try graph.append(.fullyConnected(linear), name: "fc", inputs: [image]),
    ]
    let parameters = GraphText(graph).parameters
    #expect(parameters["conv.weight"] == Tensor(shape: [1, 3, 1, 2], values: [0, 3, 1, 4, 2, 5]))
    #expect(parameters["conv.bias"] == Tensor(shape: [1], values: [7]))
    #expect(parameters["fc.weight"] == Tensor(shape: [1, 6], values: [0, 3, 1, 4, 2, 5]))
    #expect(parameters["fc.bias"] == Tensor(shape: [1], values: [8]))
    #expect(parameters.count == 4)
  }
}
