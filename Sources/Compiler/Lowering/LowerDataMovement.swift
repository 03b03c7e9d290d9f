internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Operators that move values: slices, padding, reshapes, transposes, channel selections, resizes.
extension Lowering {
  mutating func lowerReshape(_ node: Node) throws(Problem) {
    if let tensor = wideTensors[node.inputs[0]] {
      wideTensors[node.output] = tensor
      return
    }
    var location = try location(node.inputs[0])
    let shape = try pixelShape(node.output)
    if location.channels != nil, shape != location.shape {
      location.tensor = try denseTensor(node.inputs[0])
      location.channels = nil
    }
    locations[node.output] = Location(
      tensor: location.tensor,
      shape: shape,
      channels: location.channels
    )
  }

  mutating func lowerGatherChannels(_ op: GatherChannels, _ node: Node) throws(Problem) {
    try select(op.indices, of: node.inputs[0], as: node.output)
  }

  /// Makes `output` channels of `input`: a view where they are neighbours, else copied once somebody needs them in order.
  private mutating func select(
    _ channels: [Int],
    of input: ValueID,
    as output: ValueID
  ) throws(Problem) {
    var location = try location(input)
    if shape(location.tensor) != location.shape, location.channels == nil {
      location.tensor = try tensor(input)
    }
    let map = location.channels.map { old in channels.map { old[$0] } } ?? channels
    let shape = try pixelShape(output)
    if let first = map.first, map.indices.allSatisfy({ map[$0] == first + $0 }) {
      let isWhole = first == 0 && map.count == self.shape(location.tensor).channels
      let view =
        isWhole
        ? location.tensor
        : addView(
          name: graph[output].name,
          of: location.tensor,
          offset: first,
          count: map.count,
          nil
        )
      locations[output] = Location(tensor: view, shape: shape)
    } else {
      locations[output] = Location(tensor: location.tensor, shape: shape, channels: map)
    }
  }

  mutating func lowerSlice(_ op: Slice, _ node: Node) throws(Problem) {
    let rank = op.start.count
    let extents = graph.shape(of: node.inputs[0])
    guard (1...4).contains(rank) else { throw Problem("slices \(extents)") }
    func axis(_ fromEnd: Int) -> (start: Int, extent: Int, step: Int, whole: Int) {
      let index = rank - fromEnd
      return index >= 0
        ? (op.start[index], op.extent[index], op.step[index], extents[index]) : (0, 1, 1, 1)
    }
    let (y, x, c) = (axis(3), axis(2), axis(1))
    let isWholeImage = y.extent == y.whole && x.extent == x.whole
    let channels = (0..<c.extent).map { c.start + $0 * c.step }
    if isWholeImage {
      try select(channels, of: node.inputs[0], as: node.output)
      return
    }
    guard c.extent == c.whole else {
      throw Problem("slices channels and the image at once")
    }
    let readers = graph.consumers(of: node.output)
    if y.start == 0, x.start == 0, readers.count == 1,
      case .pad(let pad) = graph.nodes[readers[0]].operation, pad.padding == Padding(),
      pad.value == 0, pad.channels.before > 0 || pad.channels.after > 0
    {
      deferredSlices[node.output] = op
      return
    }
    let input = try byteTensor(node.inputs[0])
    let output = try target(node.output, try pixelShape(node.output))
    // A maximum over one tap takes every step-th pixel from the first. Starting later would be padding by a negative
    // amount, which only a window with a single tap that counts can express.
    if y.start == 0, x.start == 0 {
      var record = OperatorRecord(.maxPool)
      record.input = input
      record.output = output
      (record.strideY, record.strideX) = (y.step, x.step)
      emit(record, name: node.name, value: node.output)
    } else {
      emitCrop(from: input, to: output, (y.start, x.start), (y.step, x.step), node)
    }
    try define(node.output, in: output)
  }

  /// A depthwise convolution whose last tap alone is not 0: output (y, x) is input (y × step + start, …).
  private mutating func emitCrop(
    from input: Int,
    to output: Int,
    _ start: (y: Int, x: Int),
    _ step: (y: Int, x: Int),
    _ node: Node
  ) {
    let channels = shape(input).channels
    let taps = (start.y + 1) * (start.x + 1)
    let layout = PackedLayout(depthwiseChannels: channels, taps: taps)
    var packed = [Int8](repeating: 0, count: layout.weightBytes)
    var bias = [Int32](repeating: 0, count: layout.channelSlots)
    var multiplier = [Float](repeating: 0, count: layout.channelSlots)
    var weightSum = [Int32](repeating: 0, count: layout.channelSlots)
    for channel in 0..<channels {
      let last = taps - 1
      packed[layout.index(group: 0, output: channel, step: last / 4, lane: last % 4)] = 127
      bias[channel] = -127 * parameters(input).zeroPoint
      multiplier[channel] = 1 / 127
      weightSum[channel] = 127
    }
    var record = OperatorRecord(.depthwiseConvolution)
    record.input = input
    record.output = output
    (record.kernelHeight, record.kernelWidth) = (start.y + 1, start.x + 1)
    (record.strideY, record.strideX) = step
    record.groups = channels
    record.padPixel = Self.pixel(UInt8(parameters(input).zeroPoint))
    record.multiplyAccumulates = UInt64(shape(output).elementCount * taps)
    contents.attach(
      weights: packed,
      bias: bias,
      multiplier: multiplier,
      weightSum: weightSum,
      to: &record
    )
    emit(record, name: node.name, value: node.output)
  }

  mutating func lowerPad(_ op: Pad, _ node: Node) throws(Problem) {
    let isChannels = op.channels.before > 0 || op.channels.after > 0
    if isChannels, op.padding == Padding(), op.value == 0 {
      try lowerChannelPad(op, node)
      return
    }
    guard !isChannels else {
      throw Problem("pads channels and the image at once, or channels with \(op.value), expected 0")
    }
    let input = try byteTensor(node.inputs[0])
    let output = try target(node.output, try pixelShape(node.output))
    var record = OperatorRecord(.pad)
    record.input = input
    record.output = output
    (record.padTop, record.padLeft) = (op.padding.top, op.padding.left)
    record.padPixel = Self.pixel(parameters(output).quantize(Double(op.value)))
    emit(record, name: node.name, value: node.output)
    try define(node.output, in: output)
  }

  /// Channels of zeros before and after, together with the strided slice before it.
  ///
  /// The parameter-free shortcut of ResNets for CIFAR-10 (He et al. 2016, https://arxiv.org/abs/1512.03385, option A).
  private mutating func lowerChannelPad(_ op: Pad, _ node: Node) throws(Problem) {
    var source = node.inputs[0]
    var stride = (y: 1, x: 1)
    if let slice = deferredSlices[source], let producer = graph.producer(of: source) {
      source = graph.nodes[producer].inputs[0]
      stride = (slice.step[1], slice.step[2])
    }
    let input = try byteTensor(source)
    let output = try target(node.output, try pixelShape(node.output))
    let before = [Int?](repeating: nil, count: op.channels.before)
    let after = [Int?](repeating: nil, count: op.channels.after)
    emitSelection(
      from: input,
      before + (0..<shape(input).channels).map { $0 } + after,
      stride: stride,
      to: output,
      name: node.name,
      value: node.output
    )
    try define(node.output, in: output)
  }

  mutating func lowerTranspose(_ op: Transpose, _ node: Node) throws(Problem) {
    let extents = graph.shape(of: node.inputs[0])
    let shape = try pixelShape(node.output)
    // Axes of extent 1 move freely: if the others keep their order, so does the dense sequence.
    let moved = op.permutation.filter { extents[$0] > 1 }
    if moved == moved.sorted() {
      let location = try location(node.inputs[0])
      let tensor =
        location.channels == nil ? location.tensor : try denseTensor(node.inputs[0])
      locations[node.output] = Location(tensor: tensor, shape: shape)
      return
    }
    let rank = extents.count
    guard rank <= 4, rank < 4 || op.permutation[0] == 0 else {
      throw Problem("permutes \(extents) by \(op.permutation)")
    }
    let input = try tensor(node.inputs[0])
    // Axes as height, width, channels: the last three, those missing in front staying in place.
    let missing = 3 - min(rank, 3)
    let skipped = rank == 4 ? 1 : 0
    let isBatched = rank < 4 && rank > 1
    var axes = Array(0..<missing)
    axes += op.permutation.dropFirst(skipped).map { $0 - skipped + missing }
    guard axes.count == 3, !isBatched || Self.keepsBatch(op.permutation, rank) else {
      throw Problem("permutes \(extents) by \(op.permutation)")
    }
    let found = self.shape(input)
    let sizes = [found.height, found.width, found.channels]
    let output = try target(
      node.output,
      PixelShape(height: sizes[axes[0]], width: sizes[axes[1]], channels: sizes[axes[2]])
    )
    var record = OperatorRecord(.transpose)
    record.input = input
    record.output = output
    record.flags = UInt32(axes[0] | axes[1] << 2 | axes[2] << 4)
    emit(record, name: node.name, value: node.output)
    try define(node.output, in: output)
  }

  private static func keepsBatch(_ permutation: [Int], _ rank: Int) -> Bool {
    rank == 3 ? permutation[0] == 0 : true
  }

  mutating func lowerResize(_ op: Resize, _ node: Node) throws(Problem) {
    let input = try byteTensor(node.inputs[0])
    let output = try target(node.output, try pixelShape(node.output))
    var record = OperatorRecord(.resize)
    record.input = input
    record.output = output
    record.flags = op.isBilinear ? 1 : 0
    switch op.coordinates {
    case .alignCorners: record.flags |= 2
    case .halfPixel: record.flags |= 4
    case .asymmetric: break
    }
    emit(record, name: node.name, value: node.output)
    try define(node.output, in: output)
  }
}
