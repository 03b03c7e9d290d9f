internal import Containers
internal import GraphIR

/// Convolutions, pooling and matrix products.
extension TensorFlowLowering {
  /// Height and width entries of a list that speaks of all four axes.
  private func spatial(
    _ call: Call,
    _ name: String,
    default fallback: [Int]? = nil
  ) throws(TensorFlowProblem) -> (y: Int, x: Int) {
    try spatial(
      call,
      name,
      call.node.integers(name).flatMap { $0.isEmpty ? fallback : $0 } ?? fallback
    )
  }

  private func spatial(
    _ call: Call,
    _ name: String,
    _ list: [Int]?
  ) throws(TensorFlowProblem) -> (y: Int, x: Int) {
    let isFirst = call.node.text("data_format") == "NCHW"
    guard let list, list.count == 4 else {
      throw .unsupported("\(name) \(list ?? []), expected 4 numbers")
    }
    let (y, x, channel) = isFirst ? (list[2], list[3], list[1]) : (list[1], list[2], list[3])
    guard list[0] == 1, channel == 1 else {
      throw .unsupported("\(name) \(list), expected 1 for batch and channels")
    }
    return (y, x)
  }

  private func padding(
    _ call: Call,
    _ input: Activation,
    kernel: (y: Int, x: Int),
    stride: (y: Int, x: Int),
    dilation: (y: Int, x: Int) = (1, 1)
  ) throws(TensorFlowProblem) -> Padding {
    for extent in [kernel.y, kernel.x, stride.y, stride.x, dilation.y, dilation.x] {
      guard (1...1 << 16).contains(extent) else {
        throw .unsupported("kernel \(kernel), stride \(stride), dilation \(dilation)")
      }
    }
    switch call.node.text("padding") {
    case "VALID": return Padding()
    case "SAME":
      let stored = graph.shape(of: input.id)
      return Window.samePadding(
        height: stored[1],
        width: stored[2],
        kernel: kernel,
        stride: stride,
        dilation: dilation
      )
    case "EXPLICIT":
      let isFirst = call.node.text("data_format") == "NCHW"
      guard let list = call.node.integers("explicit_paddings"), list.count == 8 else {
        throw .unsupported("explicit padding without 8 numbers")
      }
      let (y, x) = isFirst ? (4, 6) : (2, 4)
      return Padding(top: list[y], left: list[x], bottom: list[y + 1], right: list[x + 1])
    case let other: throw .unsupported("padding \(other ?? "none")")
    }
  }

  mutating func convolution(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    var phases: (block: (y: Int, x: Int), padding: Padding)?
    var call = call
    if case .phases(let value, let block, let padding)? = call.inputs.first {
      call.inputs[0] = .activation(value)
      phases = (block, padding)
    }
    let input = try image(try activation(call, 0), call)
    let kernel = try weights(call, 1)
    guard kernel.shape.count == 4 else { throw .unsupported("weights \(kernel.shape)") }
    let stride = try spatial(call, "strides")
    var dilation = try spatial(call, "dilations", default: [1, 1, 1, 1])
    let size = (y: kernel.shape[0], x: kernel.shape[1])
    var padding: Padding
    if let phases {
      guard stride == (1, 1), dilation == (1, 1), call.node.text("padding") == "VALID" else {
        throw .unsupported("between SpaceToBatchND and BatchToSpaceND, expected stride 1 and VALID")
      }
      (dilation, padding) = (phases.block, phases.padding)
    } else {
      padding = try self.padding(call, input, kernel: size, stride: stride, dilation: dilation)
    }
    let isDepthwise = call.node.operation == "DepthwiseConv2dNative"
    let (inputs, outputs) = (kernel.shape[2], kernel.shape[3])
    let channels = graph.shape(of: input.id)[3]
    // Depthwise weights are H, W, C, multiplier; output channel c × multiplier + m reads channel c.
    let ordered =
      isDepthwise
      ? kernel.transposed([2, 3, 0, 1]).reshaped([inputs * outputs, size.y, size.x, 1])
      : kernel.transposed([3, 0, 1, 2])
    guard isDepthwise ? inputs == channels : inputs > 0 && channels % inputs == 0 else {
      throw .unsupported("weights \(kernel.shape) on \(channels) channels")
    }
    let result = Convolution(
      weights: ordered,
      bias: [Float](repeating: 0, count: ordered.shape[0]),
      stride: stride,
      dilation: dilation,
      padding: padding,
      groups: isDepthwise ? channels : channels / inputs
    )
    let id = try emit(.convolution(result), call, [input.id])
    let value = wrapped(id, isChannelsFirst: input.isChannelsFirst)
    return [phases == nil ? .activation(value) : .convolvedPhases(value)]
  }

  mutating func matrixProduct(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let input = try activation(call, 0)
    let matrix = try weights(call, 1)
    guard call.node.flag("transpose_a") != true, input.shape.count == 2, input.shape[0] == 1 else {
      throw .unsupported("left operand \(input.shape), expected one row")
    }
    guard matrix.shape.count == 2 else { throw .unsupported("weights \(matrix.shape)") }
    let rows = call.node.flag("transpose_b") == true ? matrix : matrix.transposed([1, 0])
    let layer = FullyConnected(
      weights: rows,
      bias: [Float](repeating: 0, count: rows.shape[0])
    )
    return [.activation(try emitValue(.fullyConnected(layer), call, [input.id]))]
  }

  mutating func pooling(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let input = try image(try activation(call, 0), call)
    let kernel: (y: Int, x: Int)
    let stride: (y: Int, x: Int)
    if call.node.operation == "MaxPoolV2" {
      kernel = try spatial(call, "ksize", try integers(call, 1))
      stride = try spatial(call, "strides", try integers(call, 2))
    } else {
      kernel = try spatial(call, "ksize")
      stride = try spatial(call, "strides")
    }
    let padding = try self.padding(call, input, kernel: kernel, stride: stride)
    let pooling = Pooling(window: Window(kernel: kernel, stride: stride, padding: padding))
    let operation: Operation =
      call.node.operation == "AvgPool" ? .averagePool(pooling) : .maxPool(pooling)
    let id = try emit(operation, call, [input.id])
    return [.activation(wrapped(id, isChannelsFirst: input.isChannelsFirst))]
  }

  // MARK: Dilation by phases

  /// `tf.nn.atrous_conv2d` before there were dilations: batches of every d-th pixel, an ordinary convolution, and back.
  mutating func spaceToBatch(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let input = try rowMajor(try activation(call, 0), call)
    let block = try integers(call, 1)
    let pads = try integers(call, 2)
    guard block.count == 2, pads.count == 4, block.allSatisfy({ (1...1 << 16).contains($0) }),
      pads.allSatisfy({ (0...1 << 16).contains($0) })
    else { throw .unsupported("block \(block), paddings \(pads)") }
    let padding = Padding(top: pads[0], left: pads[2], bottom: pads[1], right: pads[3])
    return [.phases(input, block: (block[0], block[1]), padding: padding)]
  }

  mutating func batchToSpace(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    guard case .convolvedPhases(let value)? = call.inputs.first else {
      throw .unsupported("without a convolution after SpaceToBatchND")
    }
    let crops = try integers(call, 2)
    guard crops.count == 4, crops.allSatisfy({ (0...1 << 16).contains($0) }) else {
      throw .unsupported("crops \(crops)")
    }
    if crops.allSatisfy({ $0 == 0 }) { return [.activation(value)] }
    let shape = value.shape
    let box = Slice(
      start: [0, crops[0], crops[2], 0],
      extent: [1, shape[1] - crops[0] - crops[1], shape[2] - crops[2] - crops[3], shape[3]]
    )
    return [.activation(try emitValue(.slice(box), call, [value.id]))]
  }
}
