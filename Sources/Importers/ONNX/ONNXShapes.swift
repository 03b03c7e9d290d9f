/// ONNX's rules about axes and extents, the same for constants and for what is computed.
enum ONNXShapes {
  /// An axis counted from the front.
  static func axis(_ axis: Int, rank: Int) throws -> Int {
    guard (-rank..<rank).contains(axis) else {
      throw ONNXProblem.invalid("axis \(axis) of \(rank) axes")
    }
    return axis < 0 ? axis + rank : axis
  }

  /// Different axes counted from the front, ascending.
  static func axes(_ axes: [Int], rank: Int) throws -> [Int] {
    let found = Set(try axes.map { try axis($0, rank: rank) })
    guard found.count == axes.count else { throw ONNXProblem.invalid("axes \(axes) repeat") }
    return found.sorted()
  }

  /// Number of elements, checked against what folding may create.
  static func count(_ shape: [Int], atMost limit: Int = ONNXTensor.largestCount) throws -> Int {
    let count = shape.reduce(1) { $0.saturatingProduct($1) }
    guard shape.allSatisfy({ $0 >= 0 }), count <= limit else {
      throw ONNXProblem.invalid("shape \(shape), expected at most \(limit) elements")
    }
    return count
  }

  /// The target of a `Reshape`: 0 keeps an extent unless `zeroIsLiteral`, −1 takes what is left.
  static func reshape(_ shape: [Int], to target: [Int], zeroIsLiteral: Bool) throws -> [Int] {
    var result = target
    let count = shape.reduce(1, *)
    for (index, extent) in target.enumerated() where extent == 0 && !zeroIsLiteral {
      guard index < shape.count else {
        throw ONNXProblem.invalid("reshape of \(shape) to \(target): no axis \(index) to keep")
      }
      result[index] = shape[index]
    }
    if let open = result.firstIndex(of: -1) {
      let known = result.enumerated().reduce(1) {
        $1.offset == open ? $0 : $0.saturatingProduct($1.element)
      }
      result[open] = known > 0 ? count / known : 0
    }
    guard result.allSatisfy({ $0 >= 0 }),
      result.reduce(1, { $0.saturatingProduct($1) }) == count
    else { throw ONNXProblem.invalid("reshape of \(shape) to \(target)") }
    return result
  }

  /// `shape` without `axes`, or without every extent of 1.
  static func squeeze(_ shape: [Int], axes: [Int]?) throws -> [Int] {
    let removed = try axes.map { try Self.axes($0, rank: shape.count) }
    if let wrong = removed?.first(where: { shape[$0] != 1 }) {
      throw ONNXProblem.invalid("squeeze of axis \(wrong) of \(shape), expected extent 1")
    }
    return shape.indices.filter { axis in removed.map { !$0.contains(axis) } ?? (shape[axis] != 1) }
      .map { shape[$0] }
  }

  /// `shape` with extents of 1 where the result has `axes`.
  static func unsqueeze(_ shape: [Int], axes: [Int]) throws -> [Int] {
    let rank = shape.count + axes.count
    var result = shape
    for axis in try Self.axes(axes, rank: rank) { result.insert(1, at: axis) }
    return result
  }

  /// The shape that both broadcast to.
  static func broadcast(_ a: [Int], _ b: [Int]) throws -> [Int] {
    let rank = max(a.count, b.count)
    let left = [Int](repeating: 1, count: rank - a.count) + a
    let right = [Int](repeating: 1, count: rank - b.count) + b
    return try zip(left, right).map { a, b in
      guard a == b || a == 1 || b == 1 else {
        throw ONNXProblem.invalid("shapes \(left) and \(right) do not broadcast")
      }
      return a == 1 ? b : a
    }
  }

  /// Elements that a `Slice` takes of one axis: negative bounds count from the end, and all are clipped.
  static func slice(extent: Int, start: Int, end: Int, step: Int) throws -> [Int] {
    guard step != 0 else { throw ONNXProblem.invalid("slice with step 0") }
    func bound(_ value: Int, _ low: Int, _ high: Int) -> Int {
      min(max(value < 0 ? value.addingReportingOverflow(extent).partialValue : value, low), high)
    }
    if step > 0 {
      return Array(stride(from: bound(start, 0, extent), to: bound(end, 0, extent), by: step))
    }
    // An end below −extent means "past the first element".
    let last = end < -extent ? -1 : bound(end, -1, extent - 1)
    return Array(stride(from: bound(start, -1, extent - 1), to: last, by: step))
  }

  /// Extents of the parts of a `Split`.
  static func split(extent: Int, parts: Int, sizes: [Int]?) throws -> [Int] {
    if let sizes {
      guard sizes.count == parts, sizes.allSatisfy({ $0 > 0 }),
        sizes.reduce(0, { $0.addingReportingOverflow($1).partialValue }) == extent
      else { throw ONNXProblem.invalid("split of \(extent) into \(sizes) for \(parts) outputs") }
      return sizes
    }
    let size = (extent + parts - 1) / max(parts, 1)
    let last = extent - size * (parts - 1)
    guard parts > 0, last > 0 else {
      throw ONNXProblem.invalid("split of \(extent) into \(parts) parts")
    }
    return [Int](repeating: size, count: parts - 1) + [last]
  }

  /// Distance of neighbours on each axis of a row-major tensor.
  static func strides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in stride(from: shape.count - 2, through: 0, by: -1) {
      strides[axis] = strides[axis + 1] * shape[axis + 1]
    }
    return strides
  }

  /// Position of every element of a tensor of `shape`, in row-major order, in storage with these strides.
  static func positions(_ shape: [Int], strides: [Int], offset: Int = 0) -> [Int] {
    let count = shape.reduce(1, *)
    var result: [Int] = []
    result.reserveCapacity(count)
    var index = [Int](repeating: 0, count: shape.count)
    var position = offset
    for _ in 0..<count {
      result.append(position)
      for axis in stride(from: shape.count - 1, through: 0, by: -1) {
        index[axis] += 1
        position += strides[axis]
        if index[axis] < shape[axis] { break }
        position -= strides[axis] * shape[axis]
        index[axis] = 0
      }
    }
    return result
  }
}
