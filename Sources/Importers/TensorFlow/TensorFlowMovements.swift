internal import Containers
internal import GraphIR

/// Operators that move values or reduce axes.
extension TensorFlowLowering {
  // MARK: Shapes

  func shapeQuestion(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let shape = try activation(call, 0).shape
    switch call.node.operation {
    case "Size": return [.constant(TensorFlowShapeFolding.scalar(shape.reduce(1, *)))]
    case "Rank": return [.constant(TensorFlowShapeFolding.scalar(shape.count))]
    default: return [.constant(TensorFlowShapeFolding.vector(shape))]
    }
  }

  mutating func reshape(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let input = try activation(call, 0)
    let target = try integers(call, 1)
    guard let shape = TensorFlowShapeFolding.reshaped(input.shape, to: target) else {
      throw .unsupported("\(input.shape) to \(target)")
    }
    return [.activation(try reshaped(input, to: shape, call))]
  }

  mutating func squeeze(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let input = try activation(call, 0)
    var operands: [TensorFlowTensor?] = [nil]
    if call.inputs.count > 1 { operands.append(try constant(call, 1)) }
    guard var shape = TensorFlowShapeFolding.squeezed(call.node, input.shape, operands) else {
      throw .unsupported("of \(input.shape)")
    }
    // Without axes named, a batch of one would go too.
    let named = call.node.integers("squeeze_dims") ?? call.node.integers("axis") ?? []
    if call.node.operation == "Squeeze", named.isEmpty { shape.insert(1, at: 0) }
    return [.activation(try reshaped(input, to: shape, call))]
  }

  /// The same sequence in another shape; a reshape of a reshape is one reshape or none.
  mutating func reshaped(
    _ input: Activation,
    to shape: [Int],
    _ call: Call
  ) throws(TensorFlowProblem) -> Activation {
    if shape == input.shape { return input }
    let sequence = try rowMajor(input, call)
    var source = sequence.id
    if let node = producer(of: source), case .reshape = node.operation {
      source = node.inputs[0]
      if graph.shape(of: source) == shape { return wrapped(source) }
    }
    return try emitValue(.reshape(Reshape(shape: shape)), call, [source])
  }

  mutating func transpose(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let input = try activation(call, 0)
    let permutation = try integers(call, 1)
    guard permutation.sorted() == Array(input.shape.indices) else {
      throw .unsupported("permutation \(permutation) of \(input.shape)")
    }
    if permutation == Array(input.shape.indices) { return [.activation(input)] }
    let shape = permutation.map { input.shape[$0] }
    // Between N, C, H, W and N, H, W, C nothing moves: the graph stores channels last either way.
    if input.isChannelsFirst, permutation == [0, 2, 3, 1] {
      return [.activation(Activation(id: input.id, shape: shape))]
    }
    if !input.isChannelsFirst, permutation == [0, 3, 1, 2] {
      return [.activation(Activation(id: input.id, shape: shape, isChannelsFirst: true))]
    }
    let value = try rowMajor(input, call)
    let operation = Transpose(permutation: permutation)
    return [.activation(try emitValue(.transpose(operation), call, [value.id]))]
  }

  // MARK: Reductions

  mutating func reduction(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let input = try activation(call, 0)
    guard
      let axes = TensorFlowFolding.normalized(try integers(call, 1), rank: input.shape.count)
    else { throw .unsupported("axes outside \(input.shape)") }
    let keeps = call.node.flag("keep_dims") ?? call.node.flag("keepdims") ?? false
    let shape = input.shape.indices.compactMap { axis in
      axes.contains(axis) ? (keeps ? 1 : nil) : input.shape[axis]
    }
    if axes.contains(0) {
      // The mean of a batch that training normalizes by: inference takes its moving average.
      guard let average = try averaged(.init(node: call.index, output: 0)),
        TensorFlowTensor.count(of: shape) == average.count
      else { throw .unsupported("over the batch; is the graph built for training?") }
      let values = TensorFlowTensor.Values.floats(average.values)
      return [.constant(TensorFlowTensor(type: .float32, shape: shape, values: values))]
    }
    let stored = axes.map { input.storedAxis($0) }.sorted()
    let count = axes.reduce(1) { $0 * input.shape[$1] }
    var id: ValueID
    switch call.node.operation {
    case "Max":
      guard input.shape.count == 4, stored == [1, 2] else {
        throw .unsupported("over axes \(axes)")
      }
      let extents = graph.shape(of: input.id)
      let window = Window(kernel: (extents[1], extents[2]))
      id = try emit(.maxPool(Pooling(window: window)), call, [input.id])
    default:
      // Dropped axes leave the logical order only where channels are last or the sole ones left.
      let drops = !keeps && (!input.isChannelsFirst || stored == [1, 2])
      let mean = Mean(axes: stored, keepsAxes: !drops)
      let isSum = call.node.operation == "Sum"
      id = try emit(.mean(mean), call, [input.id], suffix: isSum ? "/mean" : "")
      if isSum {
        id = try emit(.unary(.linear(scale: Float(count), bias: 0)), call, [id])
      }
      if drops { return [.activation(wrapped(id))] }
    }
    let reduced = wrapped(id, isChannelsFirst: input.isChannelsFirst)
    if keeps { return [.activation(reduced)] }
    return [.activation(try reshaped(reduced, to: shape, call))]
  }

  // MARK: Joining and cutting

  mutating func concatenation(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let isOld = call.node.operation == "Concat"
    let axisPlace = isOld ? 0 : call.inputs.count - 1
    let places = call.inputs.indices.filter { $0 != axisPlace }
    guard let axis = try integers(call, axisPlace).first, !places.isEmpty else {
      throw .unsupported("without inputs or axis")
    }
    var values: [Activation] = []
    for place in places {
      switch call.inputs[place] {
      case .constant:
        let name = "\(call.node.name)/part\(place)"
        values.append(wrapped(graph.addConstant(name: name, try weights(call, place))))
      default: values.append(try activation(call, place))
      }
    }
    let rank = values[0].shape.count
    guard let place = TensorFlowFolding.normalized([axis], rank: rank)?.first,
      values.allSatisfy({ $0.shape.count == rank })
    else { throw .unsupported("along axis \(axis) of \(values.map(\.shape))") }
    let isFirst = values.allSatisfy(\.isChannelsFirst)
    if !isFirst {
      for position in values.indices {
        values[position] = try rowMajor(values[position], call)
      }
    }
    let concat = Concat(axis: values[0].storedAxis(place))
    let id = try emit(.concat(concat), call, values.map(\.id))
    return [.activation(wrapped(id, isChannelsFirst: isFirst))]
  }

  mutating func pack(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    var parts: [Activation] = []
    var widened: [Int] = []
    for position in call.inputs.indices {
      let part = try activation(call, position)
      let axis = call.node.integer("axis") ?? 0
      guard (-part.shape.count - 1...part.shape.count).contains(axis) else {
        throw .unsupported("axis \(axis)")
      }
      widened = part.shape
      let place = axis < 0 ? axis + part.shape.count + 1 : axis
      widened.insert(1, at: place)
      parts.append(try reshaped(part, to: widened, call))
    }
    let axis = call.node.integer("axis") ?? 0
    let place = axis < 0 ? axis + widened.count : axis
    let id = try emit(.concat(Concat(axis: place)), call, parts.map(\.id))
    return [.activation(wrapped(id))]
  }

  mutating func pad(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let input = try activation(call, 0)
    let pads = try integers(call, 1)
    guard input.shape.count == 4, pads.count == 8, pads[0] == 0, pads[1] == 0,
      pads.allSatisfy({ (0...1 << 16).contains($0) })
    else { throw .unsupported("\(pads) on \(input.shape)") }
    var value: Float = 0
    if call.inputs.count > 2 { value = try weights(call, 2).values.first ?? 0 }
    let (y, x, c) = input.isChannelsFirst ? (4, 6, 2) : (2, 4, 6)
    let pad = Pad(
      padding: Padding(top: pads[y], left: pads[x], bottom: pads[y + 1], right: pads[x + 1]),
      channels: (pads[c], pads[c + 1]),
      value: value
    )
    let id = try emit(.pad(pad), call, [input.id])
    return [.activation(wrapped(id, isChannelsFirst: input.isChannelsFirst))]
  }

  mutating func slice(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let input = try activation(call, 0)
    var operands: [TensorFlowTensor] = []
    for position in call.inputs.indices.dropFirst() {
      operands.append(try constant(call, position))
    }
    guard let box = TensorFlowBox(call.node, input.shape, operands) else {
      throw .unsupported("of \(input.shape)")
    }
    return [.activation(try cut(input, box, call))]
  }

  mutating func split(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let place = call.node.operation == "Split" ? 1 : 0
    let input = try activation(call, place)
    var operands: [TensorFlowTensor?] = []
    for position in call.inputs.indices {
      operands.append(position == place ? nil : try constant(call, position))
    }
    guard let parts = TensorFlowBox.parts(call.node, of: input.shape, operands) else {
      throw .unsupported("of \(input.shape)")
    }
    var results: [Value] = []
    for box in parts.boxes { results.append(.activation(try cut(input, box, call))) }
    return results
  }

  private mutating func cut(
    _ input: Activation,
    _ box: TensorFlowBox,
    _ call: Call
  ) throws(TensorFlowProblem) -> Activation {
    var value = input
    var box = box
    for axis in input.shape.indices where box.step[axis] < 0 {
      guard axis == input.channelAxis, box.step[axis] == -1,
        box.extent[axis] == input.shape[axis]
      else { throw .unsupported("reverses axis \(axis) of \(input.shape)") }
      let gather = GatherChannels(indices: (0..<input.shape[axis]).reversed())
      let id = try emit(.gatherChannels(gather), call, [value.id], suffix: "/reversed")
      value = wrapped(id, isChannelsFirst: input.isChannelsFirst)
      (box.start[axis], box.step[axis]) = (0, 1)
    }
    if box.extent != value.shape || box.step.contains(where: { $0 != 1 }) {
      let slice = Slice(
        start: value.stored(box.start),
        extent: value.stored(box.extent),
        step: value.stored(box.step)
      )
      value = try emitValue(.slice(slice), call, [value.id], isChannelsFirst: input.isChannelsFirst)
    }
    return try reshaped(value, to: box.shape, call)
  }

  mutating func reverse(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let input = try activation(call, 0)
    let axes = TensorFlowFolding.normalized(try integers(call, 1), rank: input.shape.count)
    guard axes == [input.channelAxis] else { throw .unsupported("axes other than channels") }
    let count = input.shape[input.channelAxis]
    let gather = GatherChannels(indices: (0..<count).reversed())
    let id = try emit(.gatherChannels(gather), call, [input.id])
    return [.activation(wrapped(id, isChannelsFirst: input.isChannelsFirst))]
  }

  mutating func gather(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let input = try activation(call, 0)
    let indices = try integers(call, 1)
    let axis = call.inputs.count > 2 ? try integers(call, 2).first ?? 0 : 0
    guard TensorFlowFolding.normalized([axis], rank: input.shape.count) == [input.channelAxis],
      try constant(call, 1).shape.count == 1
    else { throw .unsupported("along axes other than channels") }
    let id = try emit(.gatherChannels(GatherChannels(indices: indices)), call, [input.id])
    return [.activation(wrapped(id, isChannelsFirst: input.isChannelsFirst))]
  }

  mutating func resize(_ call: Call) throws(TensorFlowProblem) -> [Value] {
    let input = try rowMajor(try activation(call, 0), call)
    let size = try integers(call, 1)
    guard size.count == 2, size.allSatisfy({ (1...1 << 16).contains($0) }) else {
      throw .unsupported("to \(size)")
    }
    let isBilinear = call.node.operation == "ResizeBilinear"
    let isAligned = call.node.flag("align_corners") ?? false
    let isCentred = call.node.flag("half_pixel_centers") ?? false
    guard isBilinear || !isAligned else { throw .unsupported("nearest with aligned corners") }
    let resize = Resize(
      height: size[0],
      width: size[1],
      isBilinear: isBilinear,
      coordinates: isAligned ? .alignCorners : isCentred ? .halfPixel : .asymmetric
    )
    return [.activation(try emitValue(.resize(resize), call, [input.id]))]
  }
}
