internal import Containers

/// What Slice, StridedSlice, Split and Unpack cut out of a tensor: indices along each axis, and the result's shape.
struct TensorFlowBox {
  /// First index on each axis.
  var start: [Int]
  /// Number of elements on each axis.
  var extent: [Int]
  /// Distance on each axis; negative where an axis is reversed.
  var step: [Int]
  /// The result's shape, with axes dropped or added.
  var shape: [Int]

  private init(start: [Int], extent: [Int], step: [Int]) {
    (self.start, self.extent, self.step, shape) = (start, extent, step, extent)
  }

  /// The cut of a Slice or StridedSlice with the given operands; nil when they do not fit.
  init?(_ node: TensorFlowNode, _ shape: [Int], _ operands: [TensorFlowTensor]) {
    let lists = operands.compactMap { TensorFlowFolding.integers($0) }
    guard lists.count == operands.count else { return nil }
    if node.operation == "Slice" {
      guard lists.count == 2, lists[0].count == shape.count, lists[1].count == shape.count else {
        return nil
      }
      var extent: [Int] = []
      for axis in shape.indices {
        let start = lists[0][axis]
        guard (0...shape[axis]).contains(start) else { return nil }
        let size = lists[1][axis] == -1 ? shape[axis] - start : lists[1][axis]
        guard (0...shape[axis] - start).contains(size) else { return nil }
        extent.append(size)
      }
      self.init(start: lists[0], extent: extent, step: shape.map { _ in 1 })
    } else {
      guard lists.count == 3, lists[0].count == lists[1].count, lists[0].count == lists[2].count
      else { return nil }
      self.init(strided: node, shape, begin: lists[0], end: lists[1], strides: lists[2])
    }
  }

  private init?(
    strided node: TensorFlowNode,
    _ input: [Int],
    begin: [Int],
    end: [Int],
    strides: [Int]
  ) {
    func has(_ mask: String, _ position: Int) -> Bool {
      position < 32 && (node.integer(mask) ?? 0) >> position & 1 == 1
    }
    let positions = begin.indices
    let added = positions.filter { has("new_axis_mask", $0) && !has("ellipsis_mask", $0) }.count
    let hasEllipsis = positions.contains { has("ellipsis_mask", $0) }
    let named = begin.count - added - (hasEllipsis ? 1 : 0)
    guard named <= input.count else { return nil }
    var (start, extent, step, shape): ([Int], [Int], [Int], [Int]) = ([], [], [], [])
    func take(_ count: Int) {
      for _ in 0..<count where start.count < input.count {
        shape.append(input[start.count])
        extent.append(input[start.count])
        start.append(0)
        step.append(1)
      }
    }
    for position in positions {
      if has("ellipsis_mask", position) {
        take(input.count - named)
        continue
      }
      if has("new_axis_mask", position) {
        shape.append(1)
        continue
      }
      guard start.count < input.count else { return nil }
      let size = input[start.count]
      let stride = strides[position]
      guard stride != 0, stride.magnitude <= 1 << 20 else { return nil }
      func clamped(_ index: Int) -> Int {
        let wrapped = index < 0 ? index.addingReportingOverflow(size).partialValue : index
        return stride > 0 ? min(max(wrapped, 0), size) : min(max(wrapped, -1), size - 1)
      }
      if has("shrink_axis_mask", position) {
        let index = begin[position] < 0 ? begin[position] + size : begin[position]
        guard (0..<size).contains(index) else { return nil }
        start.append(index)
        extent.append(1)
        step.append(1)
        continue
      }
      let first =
        has("begin_mask", position) ? (stride > 0 ? 0 : size - 1) : clamped(begin[position])
      let last = has("end_mask", position) ? (stride > 0 ? size : -1) : clamped(end[position])
      let count =
        stride > 0 ? (last - first + stride - 1) / stride : (first - last - stride - 1) / -stride
      start.append(first)
      extent.append(max(0, count))
      step.append(stride)
      shape.append(max(0, count))
    }
    take(input.count - start.count)
    self.init(start: start, extent: extent, step: step)
    self.shape = shape
  }

  /// The parts of Split, SplitV or Unpack, along which axis; the operands other than the tensor must be known.
  static func parts(
    _ node: TensorFlowNode,
    _ inputs: [TensorFlowTensor]
  ) -> (axis: Int, boxes: [TensorFlowBox])? {
    let whole = node.operation == "Split" ? inputs.last : inputs.first
    return whole.flatMap { parts(node, of: $0.shape, inputs.map { Optional($0) }) }
  }

  static func parts(
    _ node: TensorFlowNode,
    of shape: [Int],
    _ inputs: [TensorFlowTensor?]
  ) -> (axis: Int, boxes: [TensorFlowBox])? {
    var axis = node.integer("axis") ?? 0
    var sizes: [Int] = []
    switch node.operation {
    case "Split":
      guard inputs.count == 2, let listed = TensorFlowFolding.integers(inputs[0])?.first else {
        return nil
      }
      axis = listed
    case "SplitV":
      guard inputs.count == 3, let listed = TensorFlowFolding.integers(inputs[2])?.first,
        let given = TensorFlowFolding.integers(inputs[1])
      else { return nil }
      (axis, sizes) = (listed, given)
    default: break
    }
    guard let place = TensorFlowFolding.normalized([axis], rank: shape.count)?.first else {
      return nil
    }
    let total = shape[place]
    if node.operation == "Split" {
      guard let count = node.integer("num_split"), (1...max(1, total)).contains(count),
        total % count == 0
      else { return nil }
      sizes = [Int](repeating: total / count, count: count)
    } else if node.operation != "SplitV" {
      guard total <= 4096 else { return nil }
      sizes = [Int](repeating: 1, count: total)
    }
    let open = sizes.filter { $0 == -1 }.count
    guard open <= 1, let known = sum(sizes.filter { $0 != -1 }), known <= total else { return nil }
    sizes = sizes.map { $0 == -1 ? total - known : $0 }
    guard sum(sizes) == total else { return nil }
    var boxes: [TensorFlowBox] = []
    var position = 0
    for size in sizes {
      var box = TensorFlowBox(
        start: shape.map { _ in 0 },
        extent: shape,
        step: shape.map { _ in 1 }
      )
      box.start[place] = position
      box.extent[place] = size
      box.shape = box.extent
      if node.operation == "Unpack" || node.operation == "Unstack" { box.shape.remove(at: place) }
      boxes.append(box)
      position += size
    }
    return (place, boxes)
  }

  /// Sum of sizes from 0; nil where one is negative or the sum overflows.
  private static func sum(_ sizes: [Int]) -> Int? {
    var total = 0
    for size in sizes {
      let (next, overflow) = total.addingReportingOverflow(size)
      guard size >= 0, !overflow else { return nil }
      total = next
    }
    return total
  }

  /// Flat indices of the cut in a tensor of the given shape, in order.
  func indices(in whole: [Int]) -> [Int] {
    var result: [Int] = []
    let count = extent.reduce(1, *)
    result.reserveCapacity(count)
    var index = [Int](repeating: 0, count: whole.count)
    for _ in 0..<count {
      var offset = 0
      for axis in whole.indices {
        offset = offset * whole[axis] + start[axis] + index[axis] * step[axis]
      }
      result.append(offset)
      for axis in whole.indices.reversed() {
        index[axis] += 1
        if index[axis] < extent[axis] { break }
        index[axis] = 0
      }
    }
    return result
  }
}
