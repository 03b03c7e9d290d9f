internal import GraphIR

extension ONNXConverter {
  /// A border of one value; a negative one cuts off.
  mutating func pad(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    let rank = input.axes.count
    var pads = try node.integers("pads") ?? list(node, "paddings", input: 1) ?? []
    if let listed = try optionalConstant(node, 3)?.integers {
      let axes = try listed.map { try ONNXShapes.axis($0, rank: rank) }
      guard pads.count == 2 * axes.count, Set(axes).count == axes.count else {
        throw ONNXProblem.invalid("pads \(pads) of axes \(listed)")
      }
      var all = [Int](repeating: 0, count: 2 * rank)
      for (index, axis) in axes.enumerated() {
        all[axis] = pads[index]
        all[axis + rank] = pads[index + axes.count]
      }
      pads = all
    }
    guard pads.count == 2 * rank, pads.allSatisfy({ Swift.abs($0) < 1 << 20 }) else {
      throw ONNXProblem.invalid("pads \(pads) of \(input.shape)")
    }
    if pads.allSatisfy({ $0 == 0 }) { return [.activation(input)] }
    let mode = try node.string("mode") ?? "constant"
    guard mode == "constant", rank == 4, pads[0] == 0, pads[4] == 0 else {
      throw ONNXProblem.unsupported("mode \"\(mode)\" with pads \(pads) of \(input.shape)")
    }
    var result = input
    if pads.contains(where: { $0 < 0 }) {
      let shape = input.shape
      let start = (0..<4).map { max(0, -pads[$0]) }
      let extent = (0..<4).map { shape[$0] - start[$0] - max(0, -pads[$0 + 4]) }
      let order = AxisView.standardOrder(rank: 4)
      let slice = Slice(start: order.map { start[$0] }, extent: order.map { extent[$0] })
      result = try apply(.slice(slice), to: input, order: order, name: node.name + "/crop")
      pads = pads.map { max(0, $0) }
      if pads.allSatisfy({ $0 == 0 }) { return [.activation(result)] }
    }
    let operation = Pad(
      padding: Padding(top: pads[2], left: pads[3], bottom: pads[6], right: pads[7]),
      channels: (pads[1], pads[5]),
      value: try node.float("value") ?? scalar(node, 2) ?? 0
    )
    return [
      .activation(try apply(.pad(operation), to: result, order: [0, 2, 3, 1], name: node.name))
    ]
  }

  mutating func resize(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try image(node)
    let target = try resizeTarget(node, input: input.shape)
    if target.shape == input.shape { return result(input) }
    guard target.shape[0] == 1, target.shape[1] == input.shape[1], target.shape[2] > 0,
      target.shape[3] > 0
    else {
      throw ONNXProblem.unsupported("from \(input.shape) to \(target.shape)")
    }
    if let unsupported = ["antialias", "exclude_outside"].first(where: {
      (try? node.flag($0)) == true
    }) {
      throw ONNXProblem.unsupported("\(unsupported) is 1")
    }
    let mode = try node.string("mode") ?? "nearest"
    let isOld = opset < 11
    let rule =
      try node.string("coordinate_transformation_mode") ?? (isOld ? "asymmetric" : "half_pixel")
    let operation: Resize?
    switch mode {
    case "nearest":
      let rounding = try node.string("nearest_mode") ?? (isOld ? "floor" : "round_prefer_floor")
      operation = try Self.nearest(input.shape, target, rule: rule, rounding: rounding)
    case "linear", "bilinear":
      operation = Self.bilinear(input.shape, target, rule: rule)
    default: operation = nil
    }
    guard let operation else {
      throw ONNXProblem.unsupported(
        "\(mode) with \(rule) from \(input.shape) to \(target.shape)"
      )
    }
    return result(try builder.apply(.resize(operation), name: node.name, to: [input]))
  }

  /// Where a resize leads: extents, and the factors that its coordinates are computed with.
  struct ResizeTarget {
    var shape: [Int]
    var scales: [Double]
  }

  private func resizeTarget(_ node: ONNXNode, input: [Int]) throws -> ResizeTarget {
    let position = node.type == "Upsample" || opset < 11 ? 1 : 2
    var sizes = try position == 2 ? optionalConstant(node, 3)?.integers : nil
    var scales =
      try node.floats("scales")
      ?? optionalConstant(node, position).flatMap {
        $0.count == 0 ? nil : $0.floats
      }
    if let listed = try node.integers("axes") {
      let axes = try listed.map { try ONNXShapes.axis($0, rank: 4) }
      func spread<T>(_ values: [T]?, _ rest: [T]) throws -> [T]? {
        guard let values else { return nil }
        guard values.count == axes.count else {
          throw ONNXProblem.invalid("\(values.count) values for axes \(listed)")
        }
        var result = rest
        for (axis, value) in zip(axes, values) { result[axis] = value }
        return result
      }
      sizes = try spread(sizes, input)
      scales = try spread(scales, [1, 1, 1, 1])
    }
    if var sizes, !sizes.isEmpty {
      let policy = try node.string("keep_aspect_ratio_policy") ?? "stretch"
      guard sizes.count == 4, policy == "stretch" else {
        throw ONNXProblem.unsupported("to \(sizes) with \(policy)")
      }
      if sizes[0] == declaredBatch { sizes[0] = 1 }
      _ = try ONNXShapes.count(sizes, atMost: 1 << 28)
      return ResizeTarget(
        shape: sizes,
        scales: zip(sizes, input).map { Double($0) / Double($1) }
      )
    }
    guard let scales, scales.count == 4, scales.allSatisfy({ $0 > 0 && $0 < 65536 }) else {
      throw ONNXProblem.invalid("scales \(scales ?? []), expected 4 positive factors")
    }
    let shape = zip(input, scales).map { Int((Double($0) * Double($1)).rounded(.down)) }
    _ = try ONNXShapes.count(shape, atMost: 1 << 28)
    return ResizeTarget(shape: shape, scales: scales.map(Double.init))
  }

  /// Where output coordinate `index` lies in the input, by ONNX's rule, or nil for a rule not known.
  private static func source(
    _ index: Int,
    input: Int,
    output: Int,
    scale: Double,
    rule: String
  ) -> Double? {
    let x = Double(index)
    switch rule {
    case "half_pixel": return (x + 0.5) / scale - 0.5
    case "pytorch_half_pixel": return output > 1 ? (x + 0.5) / scale - 0.5 : 0
    case "asymmetric": return x / scale
    case "align_corners": return output > 1 ? x * Double(input - 1) / Double(output - 1) : 0
    case "tf_half_pixel_for_nn": return (x + 0.5) / scale
    case "half_pixel_symmetric":
      let adjustment = Double(output) / (Double(input) * scale)
      let centre = Double(input) / 2
      return centre * (1 - adjustment) + (x + 0.5) / scale - 0.5
    default: return nil
    }
  }

  /// The graph's nearest resize that picks just the pixels that ONNX's rule picks, if there is one.
  private static func nearest(
    _ input: [Int],
    _ target: ResizeTarget,
    rule: String,
    rounding: String
  ) throws -> Resize? {
    func wanted(_ axis: Int) throws -> [Float]? {
      try (0..<target.shape[axis]).map { index -> Float? in
        guard
          let x = source(
            index,
            input: input[axis],
            output: target.shape[axis],
            scale: target.scales[axis],
            rule: rule
          )
        else { return nil }
        let rounded: Double
        switch rounding {
        case "round_prefer_floor": rounded = (x - 0.5).rounded(.up)
        case "round_prefer_ceil": rounded = (x + 0.5).rounded(.down)
        case "floor": rounded = x.rounded(.down)
        case "ceil": rounded = x.rounded(.up)
        default: throw ONNXProblem.invalid("nearest_mode is \"\(rounding)\"")
        }
        return Float(min(max(rounded, 0), Double(input[axis] - 1)))
      }.reduce(into: [Float]?.some([])) { list, value in
        if let value { list?.append(value) } else { list = nil }
      }
    }
    guard let rows = try wanted(2), let columns = try wanted(3) else { return nil }
    let (height, width) = (target.shape[2], target.shape[3])
    return [Resize.Coordinates.asymmetric, .halfPixel, .alignCorners].map {
      Resize(height: height, width: width, isBilinear: false, coordinates: $0)
    }.first { resize in
      var line = resize
      line.width = 1
      let ramp = Tensor(shape: [1, input[2], 1, 1], values: (0..<input[2]).map(Float.init))
      guard line.evaluate([ramp]).values == rows else { return false }
      line = resize
      line.height = 1
      let slope = Tensor(shape: [1, 1, input[3], 1], values: (0..<input[3]).map(Float.init))
      return line.evaluate([slope]).values == columns
    }
  }

  private static func bilinear(_ input: [Int], _ target: ResizeTarget, rule: String) -> Resize? {
    let coordinates: Resize.Coordinates
    switch rule {
    case "half_pixel", "half_pixel_symmetric": coordinates = .halfPixel
    case "pytorch_half_pixel" where target.shape[2] > 1 && target.shape[3] > 1:
      coordinates = .halfPixel
    case "asymmetric": coordinates = .asymmetric
    case "align_corners": coordinates = .alignCorners
    default: return nil
    }
    // The graph's factor is the quotient of the extents; a file's own factor must be the same.
    for axis in 2...3 where coordinates != .alignCorners {
      let extent = Double(input[axis]) * target.scales[axis]
      guard Swift.abs(extent - Double(target.shape[axis])) < 1e-3 else { return nil }
    }
    return Resize(
      height: target.shape[2],
      width: target.shape[3],
      isBilinear: true,
      coordinates: coordinates
    )
  }

  mutating func depthToSpace(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    let shape = input.shape
    guard let block = try node.integer("blocksize"), (1..<1 << 16).contains(block),
      shape.count == 4, shape[1] % (block * block) == 0
    else { throw ONNXProblem.invalid("blocks in \(shape)") }
    let rest = shape[1] / (block * block)
    let isColumnFirst = try node.string("mode") == "CRD"
    let split =
      isColumnFirst
      ? [shape[0], rest, block, block, shape[2], shape[3]]
      : [shape[0], block, block, rest, shape[2], shape[3]]
    let permutation = isColumnFirst ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]
    let view = try reshaped(input, to: split, name: node.name).transposed(permutation)
    let target = [shape[0], rest, shape[2] * block, shape[3] * block]
    return [.activation(try reshaped(view, to: target, name: node.name))]
  }

  mutating func spaceToDepth(_ node: ONNXNode) throws -> [ONNXValue] {
    let input = try activation(node)
    let shape = input.shape
    guard let block = try node.integer("blocksize"), (1..<1 << 16).contains(block),
      shape.count == 4, shape[2] % block == 0, shape[3] % block == 0
    else { throw ONNXProblem.invalid("blocks in \(shape)") }
    let (height, width) = (shape[2] / block, shape[3] / block)
    let view = try reshaped(
      input,
      to: [shape[0], shape[1], height, block, width, block],
      name: node.name
    ).transposed([0, 3, 5, 1, 2, 4])
    let target = [shape[0], shape[1] * block * block, height, width]
    return [.activation(try reshaped(view, to: target, name: node.name))]
  }
}
