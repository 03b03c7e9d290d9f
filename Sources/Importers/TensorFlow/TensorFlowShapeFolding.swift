internal import Containers

/// Evaluates operators that move known values: the arithmetic of computed shapes, and rearranged weights.
enum TensorFlowShapeFolding {
  typealias Tensor = TensorFlowTensor

  /// The node's outputs, or nil when the operator is not known here or its inputs do not fit it.
  static func fold(_ node: TensorFlowNode, _ inputs: [Tensor]) -> [Tensor]? {
    guard let first = inputs.first else { return nil }
    switch node.operation {
    case "Shape": return [vector(first.shape)]
    case "ShapeN": return inputs.map { vector($0.shape) }
    case "Size": return [scalar(first.values.count)]
    case "Rank": return [scalar(first.shape.count)]
    case "Reshape":
      guard inputs.count == 2, let target = TensorFlowFolding.integers(inputs[1]),
        let shape = reshaped(first.shape, to: target)
      else { return nil }
      return [Tensor(type: first.type, shape: shape, values: first.values)]
    case "Squeeze", "ExpandDims":
      guard let shape = squeezed(node, first.shape, inputs) else { return nil }
      return [Tensor(type: first.type, shape: shape, values: first.values)]
    case "Pack": return pack(node, inputs).map { [$0] }
    case "ConcatV2": return concat(Array(inputs.dropLast()), inputs.last).map { [$0] }
    case "Concat": return concat(Array(inputs.dropFirst()), first).map { [$0] }
    case "Fill":
      guard inputs.count == 2, let shape = TensorFlowFolding.integers(first),
        inputs[1].values.count == 1, let count = Tensor.count(of: shape),
        count <= Tensor.largestRepetition
      else { return nil }
      return [inputs[1].gathered([Int](repeating: 0, count: count), shape: shape)]
    case "Range": return range(inputs).map { [$0] }
    case "Slice", "StridedSlice":
      guard let box = TensorFlowBox(node, first.shape, Array(inputs.dropFirst())) else {
        return nil
      }
      return [first.gathered(box.indices(in: first.shape), shape: box.shape)]
    case "Gather", "GatherV2": return gather(inputs).map { [$0] }
    case "Transpose":
      guard inputs.count == 2, let order = TensorFlowFolding.integers(inputs[1]),
        order.sorted() == Array(first.shape.indices)
      else { return nil }
      return [transposed(first, order)]
    case "Select", "SelectV2":
      guard inputs.count == 3, case .booleans(let flags) = first.values, flags.count == 1 else {
        return nil
      }
      return [flags[0] ? inputs[1] : inputs[2]]
    case "Split", "SplitV", "Unpack", "Unstack":
      return TensorFlowBox.parts(node, inputs)?.boxes.compactMap { box in
        let whole = node.operation == "Split" ? inputs.last : first
        return whole.map { $0.gathered(box.indices(in: $0.shape), shape: box.shape) }
      }
    case "Tile":
      guard inputs.count == 2, let times = TensorFlowFolding.integers(inputs[1]),
        times.count == first.shape.count, times.allSatisfy({ (0...1 << 20).contains($0) })
      else { return nil }
      let shape = zip(first.shape, times).map(*)
      guard let count = Tensor.count(of: shape), count <= Tensor.largestRepetition else {
        return nil
      }
      return [first.gathered(wrapped(first.shape, shape, count), shape: shape)]
    default: return nil
    }
  }

  static func vector(_ values: [Int]) -> Tensor {
    Tensor(type: .int32, shape: [values.count], values: .integers(values))
  }

  static func scalar(_ value: Int) -> Tensor {
    Tensor(type: .int32, shape: [], values: .integers([value]))
  }

  /// `target` with its −1 resolved; nil where the element counts differ.
  static func reshaped(_ shape: [Int], to target: [Int]) -> [Int]? {
    guard let count = Tensor.count(of: shape), target.filter({ $0 == -1 }).count <= 1,
      let known = Tensor.count(of: target.filter { $0 != -1 })
    else { return nil }
    guard target.contains(-1) else { return known == count ? target : nil }
    guard known > 0, count % known == 0 else { return nil }
    return target.map { $0 == -1 ? count / known : $0 }
  }

  /// Shape after Squeeze or ExpandDims.
  static func squeezed(_ node: TensorFlowNode, _ shape: [Int], _ inputs: [Tensor?]) -> [Int]? {
    if node.operation == "ExpandDims" {
      guard inputs.count == 2, let axis = TensorFlowFolding.integers(inputs[1])?.first,
        (-shape.count - 1...shape.count).contains(axis)
      else { return nil }
      var result = shape
      result.insert(1, at: axis < 0 ? axis + shape.count + 1 : axis)
      return result
    }
    let listed = node.integers("squeeze_dims") ?? node.integers("axis") ?? []
    let ones = shape.indices.filter { shape[$0] == 1 }
    guard let axes = TensorFlowFolding.normalized(listed, rank: shape.count) else { return nil }
    let dropped = axes.isEmpty ? ones : axes
    guard dropped.allSatisfy({ shape[$0] == 1 }) else { return nil }
    return shape.indices.filter { !dropped.contains($0) }.map { shape[$0] }
  }

  static func pack(_ node: TensorFlowNode, _ inputs: [Tensor]) -> Tensor? {
    let axis = node.integer("axis") ?? 0
    guard let shape = inputs.first?.shape, inputs.allSatisfy({ $0.shape == shape }),
      (-shape.count - 1...shape.count).contains(axis)
    else { return nil }
    let place = axis < 0 ? axis + shape.count + 1 : axis
    var widened = shape
    widened.insert(1, at: place)
    return concat(
      inputs.map { Tensor(type: $0.type, shape: widened, values: $0.values) },
      scalar(place)
    )
  }

  private static func concat(_ parts: [Tensor], _ axis: Tensor?) -> Tensor? {
    guard let axis = TensorFlowFolding.integers(axis)?.first, let first = parts.first,
      let place = TensorFlowFolding.normalized([axis], rank: first.shape.count)?.first
    else { return nil }
    var shape = first.shape
    shape[place] = 0
    for part in parts {
      guard part.shape.count == shape.count,
        shape.indices.allSatisfy({ $0 == place || part.shape[$0] == first.shape[$0] })
      else { return nil }
      shape[place] += part.shape[place]
    }
    let outer = shape[..<place].reduce(1, *)
    func joined<T>(_ lists: [[T]]) -> [T] {
      var result: [T] = []
      for row in 0..<outer {
        for list in lists {
          let size = list.count / max(1, outer)
          result += list[row * size..<(row + 1) * size]
        }
      }
      return result
    }
    let values: Tensor.Values
    switch first.values {
    case .integers:
      let lists = parts.compactMap { TensorFlowFolding.integers($0) }
      guard lists.count == parts.count else { return nil }
      values = .integers(joined(lists))
    case .floats:
      let lists = parts.compactMap { TensorFlowFolding.floats($0) }
      guard lists.count == parts.count else { return nil }
      values = .floats(joined(lists))
    default: return nil
    }
    return TensorFlowFolding.tensor(first.type, shape, values)
  }

  private static func range(_ inputs: [Tensor]) -> Tensor? {
    let numbers = inputs.compactMap { TensorFlowFolding.integers($0)?.first }
    guard numbers.count == 3, inputs.count == 3, numbers[2] != 0,
      numbers.allSatisfy({ $0.magnitude <= UInt(Tensor.largestRepetition) })
    else { return nil }
    return vector(Array(stride(from: numbers[0], to: numbers[1], by: numbers[2])))
  }

  private static func gather(_ inputs: [Tensor]) -> Tensor? {
    guard inputs.count >= 2, let indices = TensorFlowFolding.integers(inputs[1]),
      let first = inputs.first,
      let axis = inputs.count > 2 ? TensorFlowFolding.integers(inputs[2])?.first : 0,
      let place = TensorFlowFolding.normalized([axis], rank: first.shape.count)?.first,
      indices.allSatisfy({ (0..<first.shape[place]).contains($0) })
    else { return nil }
    let shape = first.shape[..<place] + inputs[1].shape + first.shape[(place + 1)...]
    guard let count = Tensor.count(of: Array(shape)), count <= Tensor.largestRepetition else {
      return nil
    }
    let inner = first.shape[(place + 1)...].reduce(1, *)
    let outer = first.shape[..<place].reduce(1, *)
    var flat: [Int] = []
    for row in 0..<outer {
      for index in indices {
        let start = (row * first.shape[place] + index) * inner
        flat += start..<start + inner
      }
    }
    return first.gathered(flat, shape: Array(shape))
  }

  private static func transposed(_ input: Tensor, _ order: [Int]) -> Tensor {
    let shape = order.map { input.shape[$0] }
    var steps = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() {
      steps[axis] = steps[axis + 1] * input.shape[axis + 1]
    }
    let flat = (0..<input.values.count).map { index -> Int in
      var (rest, offset) = (index, 0)
      for axis in shape.indices.reversed() {
        offset += rest % shape[axis] * steps[order[axis]]
        rest /= shape[axis]
      }
      return offset
    }
    return input.gathered(flat, shape: shape)
  }

  /// Flat source index of every element of `target`, a repetition of `source`.
  private static func wrapped(_ source: [Int], _ target: [Int], _ count: Int) -> [Int] {
    (0..<count).map { index -> Int in
      var (rest, offset, step) = (index, 0, 1)
      for axis in target.indices.reversed() {
        offset += rest % target[axis] % source[axis] * step
        rest /= target[axis]
        step *= source[axis]
      }
      return offset
    }
  }
}

extension TensorFlowTensor {
  /// The elements at flat indices, in a new shape.
  func gathered(_ indices: [Int], shape: [Int]) -> TensorFlowTensor {
    let picked: Values =
      switch values {
      case .floats(let values): .floats(indices.map { values[$0] })
      case .integers(let values): .integers(indices.map { values[$0] })
      case .booleans(let values): .booleans(indices.map { values[$0] })
      case .strings(let values): .strings(indices.map { values[$0] })
      }
    return TensorFlowTensor(type: type, shape: shape, values: picked)
  }
}
