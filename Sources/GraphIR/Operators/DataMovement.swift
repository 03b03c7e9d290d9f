/// Joins its inputs along an axis.
public struct Concat: GraphOperator {
  /// The axis, not negative.
  public var axis: Int

  /// A concatenation along `axis`.
  public init(axis: Int) { self.axis = axis }

  /// The text-dump name.
  public var mnemonic: String { "concat" }
  /// Parts are written in place, so all share one scale.
  public var quantizationRule: QuantizationRule { .shared }

  /// The first input's shape with the axis summed.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard var shape = inputs.first, shape.indices.contains(axis) else {
      throw GraphError("inputs \(inputs), expected at least one that has axis \(axis)")
    }
    for other in inputs.dropFirst() {
      var expected = shape
      guard other.count == shape.count else { throw GraphError("inputs \(inputs) differ in rank") }
      expected[axis] = other[axis]
      guard other == expected else {
        throw GraphError("inputs \(inputs) differ outside axis \(axis)")
      }
      shape[axis] += other[axis]
    }
    return shape
  }

  /// Copies row after row.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    var shape = inputs[0].shape
    shape[axis] = inputs.reduce(0) { $0 + $1.shape[axis] }
    let outer = shape[..<axis].reduce(1, *)
    var values: [Float] = []
    values.reserveCapacity(shape.reduce(1, *))
    for row in 0..<outer {
      for input in inputs {
        let size = input.count / outer
        values += input.values[row * size..<(row + 1) * size]
      }
    }
    return Tensor(shape: shape, values: values)
  }
}

/// A box cut out of its input, with steps.
public struct Slice: GraphOperator {
  /// First index on each axis, one an axis of the input.
  public var start: [Int]
  /// Number of elements on each axis.
  public var extent: [Int]
  /// Distance between them on each axis, at least 1.
  public var step: [Int]

  /// A slice; traps if the counts differ.
  public init(start: [Int], extent: [Int], step: [Int]? = nil) {
    precondition(start.count == extent.count, "slice \(start) + \(extent)")
    self.start = start
    self.extent = extent
    self.step = step ?? [Int](repeating: 1, count: start.count)
  }

  /// The text-dump name.
  public var mnemonic: String { "slice" }
  /// Values are moved.
  public var quantizationRule: QuantizationRule { .sameAsInput }

  /// `extent`.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, inputs[0].count == start.count, step.count == start.count,
      start.indices.allSatisfy({
        start[$0] >= 0 && extent[$0] > 0 && step[$0] > 0
          && start[$0] + (extent[$0] - 1) * step[$0] < inputs[0][$0]
      })
    else { throw GraphError("inputs \(inputs), slice from \(start) of \(extent) step \(step)") }
    return extent
  }

  /// Copies element by element.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    let shape = inputs[0].shape
    var values: [Float] = []
    values.reserveCapacity(extent.reduce(1, *))
    var index = [Int](repeating: 0, count: shape.count)
    for _ in 0..<extent.reduce(1, *) {
      var offset = 0
      for axis in shape.indices {
        offset = offset * shape[axis] + start[axis] + index[axis] * step[axis]
      }
      values.append(inputs[0].values[offset])
      for axis in stride(from: shape.count - 1, through: 0, by: -1) {
        index[axis] += 1
        if index[axis] < extent[axis] { break }
        index[axis] = 0
      }
    }
    return Tensor(shape: extent, values: values)
  }
}

/// A border of one value around an image `[1, H, W, C]`, and channels before and after.
public struct Pad: GraphOperator {
  /// Rows and columns added.
  public var padding: Padding
  /// Channels added before and after.
  public var channels: (before: Int, after: Int)
  /// Value of what is added.
  public var value: Float

  /// A border of `value`.
  public init(padding: Padding, channels: (before: Int, after: Int) = (0, 0), value: Float = 0) {
    self.padding = padding
    self.channels = channels
    self.value = value
  }

  /// The text-dump name.
  public var mnemonic: String { "pad" }
  /// Values are moved.
  public var quantizationRule: QuantizationRule { .sameAsInput }

  /// The input's shape, grown.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, inputs[0].count == 4 else {
      throw GraphError("inputs \(inputs), expected one image [1, H, W, C]")
    }
    return grown(inputs[0])
  }

  private func grown(_ shape: [Int]) -> [Int] {
    [
      1, shape[1] + padding.top + padding.bottom, shape[2] + padding.left + padding.right,
      shape[3] + channels.before + channels.after,
    ]
  }

  /// Copies pixel by pixel.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    let input = inputs[0]
    let (height, width, depth) = (input.shape[1], input.shape[2], input.shape[3])
    let shape = grown(input.shape)
    var output = Tensor(shape: shape, repeating: value)
    for y in 0..<height {
      for x in 0..<width {
        let source = (y * width + x) * depth
        let target = ((y + padding.top) * shape[2] + x + padding.left) * shape[3] + channels.before
        output.values.replaceSubrange(
          target..<target + depth,
          with: input.values[source..<source + depth]
        )
      }
    }
    return output
  }

  /// Compares every field.
  public static func == (a: Pad, b: Pad) -> Bool {
    a.padding == b.padding && a.channels == b.channels && a.value == b.value
  }
}

/// The same row-major sequence in another shape.
public struct Reshape: GraphOperator {
  /// The new shape, without wildcards.
  public var shape: [Int]

  /// A reshape to `shape`.
  public init(shape: [Int]) { self.shape = shape }

  /// The text-dump name.
  public var mnemonic: String { "reshape" }
  /// Values are moved.
  public var quantizationRule: QuantizationRule { .sameAsInput }

  /// `shape`.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, inputs[0].reduce(1, *) == shape.reduce(1, *) else {
      throw GraphError("inputs \(inputs) do not hold as many elements as \(shape)")
    }
    return shape
  }

  /// The same values.
  public func evaluate(_ inputs: [Tensor]) -> Tensor { inputs[0].reshaped(shape) }
}

/// A permutation of axes.
public struct Transpose: GraphOperator {
  /// Output axis `i` is input axis `permutation[i]`.
  public var permutation: [Int]

  /// A transpose by `permutation`.
  public init(permutation: [Int]) { self.permutation = permutation }

  /// The text-dump name.
  public var mnemonic: String { "transpose" }
  /// Values are moved.
  public var quantizationRule: QuantizationRule { .sameAsInput }

  /// The permuted shape.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, permutation.sorted() == Array(inputs[0].indices) else {
      throw GraphError("inputs \(inputs), permutation \(permutation)")
    }
    return permutation.map { inputs[0][$0] }
  }

  /// The permuted values.
  public func evaluate(_ inputs: [Tensor]) -> Tensor { inputs[0].transposed(permutation) }
}

/// Channels picked by index: reordering, selection, shuffles.
public struct GatherChannels: GraphOperator {
  /// Output channel `c` is input channel `indices[c]`.
  public var indices: [Int]

  /// A selection of channels.
  public init(indices: [Int]) { self.indices = indices }

  /// The shuffle of ShuffleNet: channels seen as `groups` × rest, transposed.
  public init(shuffling channels: Int, groups: Int) {
    let rest = channels / groups
    self.init(indices: (0..<channels).map { ($0 % groups) * rest + $0 / groups })
  }

  /// The text-dump name.
  public var mnemonic: String { "gather_channels" }
  /// Values are moved.
  public var quantizationRule: QuantizationRule { .sameAsInput }

  /// The input's shape with as many channels as indices.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, let channels = inputs[0].last, !indices.isEmpty,
      indices.allSatisfy({ (0..<channels).contains($0) })
    else { throw GraphError("inputs \(inputs), channel indices \(indices.prefix(8))…") }
    return inputs[0].dropLast() + [indices.count]
  }

  /// Copies element by element.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    let channels = inputs[0].shape.last ?? 1
    var values: [Float] = []
    for start in stride(from: 0, to: inputs[0].count, by: channels) {
      for index in indices { values.append(inputs[0].values[start + index]) }
    }
    return Tensor(shape: inputs[0].shape.dropLast() + [indices.count], values: values)
  }
}
