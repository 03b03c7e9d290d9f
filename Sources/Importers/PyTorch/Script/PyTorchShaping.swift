internal import GraphIR

/// Functions that move values without computing.
extension PyTorchInterpreter {
  mutating func shaping(
    _ name: String,
    _ values: [PyTorchScriptValue],
    _ arguments: PyTorchArguments
  ) throws(ImportError) -> PyTorchScriptValue? {
    if name == "cat" || name == "concat" { return try concatenation(arguments) }
    if name == "t", case .constant(let tensor, let label) = arguments[0], tensor.shape.count == 2 {
      try step(tensor.count)
      return .constant(tensor.transposed([1, 0]), name: label)
    }
    if name == "size" || name == "shape" {
      let shape: [Int]
      switch arguments[0] {
      case .tensor(let value): shape = value.shape
      case .constant(let tensor, _): shape = tensor.shape
      default: return nil
      }
      guard let axis = arguments[1].int else { return .list(shape.map { .int($0) }) }
      guard shape.indices.contains(axis < 0 ? axis + shape.count : axis) else { return nil }
      return .int(shape[axis < 0 ? axis + shape.count : axis])
    }
    guard case .tensor(let input) = arguments[0] else { return nil }
    switch name {
    case "view", "reshape":
      let rest = Array(values.dropFirst())
      let shape = rest.count == 1 ? rest[0].integers : PyTorchScriptValue.list(rest).integers
      guard let shape else { return nil }
      return .tensor(try reshape(input, shape))
    case "flatten":
      let start = axis(arguments[1], 0, input)
      let end = axis(arguments[2], input.shape.count - 1, input)
      guard start <= end, input.shape.indices.contains(end), start >= 0 else { return nil }
      let middle = input.shape[start...end].reduce(1, *)
      return .tensor(
        try reshape(input, input.shape[..<start] + [middle] + input.shape[(end + 1)...])
      )
    case "squeeze":
      let removed = arguments[1].integers.map { $0.map { $0 < 0 ? $0 + input.shape.count : $0 } }
      let shape = input.shape.enumerated().filter { index, extent in
        extent != 1 || !(removed?.contains(index) ?? (index > 0))
      }
      return .tensor(try reshape(input, shape.map(\.element)))
    case "unsqueeze":
      guard let position = arguments[1].int,
        case let index = position < 0 ? position + input.shape.count + 1 : position,
        (0...input.shape.count).contains(index)
      else { return nil }
      var shape = input.shape
      shape.insert(1, at: index)
      return .tensor(try reshape(input, shape))
    case "mean":
      guard let axes = arguments[1].integers else { return nil }
      let keeps = arguments[2].isTrue
      let name = label("mean")
      return .tensor(
        try network.build { builder throws(GraphError) in
          try builder.mean(
            input,
            axes: axes.map { $0 < 0 ? $0 + input.shape.count : $0 },
            keepsAxes: keeps,
            name: name
          )
        }
      )
    case "permute", "transpose": return try permutation(name, input, values)
    case "slice": return try slice(input, arguments)
    case "chunk", "split": return try parts(name, input, arguments)
    case "pad", "constant_pad_nd": return try pad(input, arguments)
    case "channel_shuffle", "native_channel_shuffle":
      guard let groups = arguments[1].int ?? values.last?.int else { return nil }
      let name = label("shuffle")
      return .tensor(
        try network.build { builder throws(GraphError) in
          try builder.channelShuffle(input, groups: groups, name: name)
        }
      )
    default: return nil
    }
  }

  private func axis(
    _ value: PyTorchScriptValue,
    _ standard: Int,
    _ input: PyTorchNetwork.Value
  ) -> Int {
    let axis = value.int ?? standard
    return axis < 0 ? axis + input.shape.count : axis
  }

  /// A new shape, one extent of which may be −1; the batch must stay alone in front.
  private mutating func reshape(
    _ input: PyTorchNetwork.Value,
    _ shape: [Int]
  ) throws(ImportError) -> PyTorchNetwork.Value {
    let count = input.shape.reduce(1, *)
    var shape = shape
    var known = 1
    for extent in shape where extent != -1 {
      let (product, overflow) = known.multipliedReportingOverflow(by: extent)
      guard !overflow, extent > 0 else { throw failure("a shape of \(shape)") }
      known = product
    }
    if let index = shape.firstIndex(of: -1), known > 0 { shape[index] = count / known }
    guard shape.allSatisfy({ $0 > 0 }), shape.reduce(1, *) == count,
      shape.count < 2 || shape[0] == 1
    else { throw failure("\(input.shape) does not fit into \(shape)") }
    let name = label("reshape")
    return try network.build { builder throws(GraphError) in
      try builder.reshape(input, to: shape, name: name)
    }
  }

  private mutating func concatenation(
    _ arguments: PyTorchArguments
  ) throws(ImportError) -> PyTorchScriptValue? {
    var inputs: [PyTorchNetwork.Value] = []
    for element in arguments[0].elements ?? [] {
      guard case .tensor(let value) = element else { return nil }
      inputs.append(value)
    }
    guard let first = inputs.first else { return nil }
    let axis = axis(arguments[1], 0, first)
    let name = label("cat")
    return .tensor(
      try network.build { builder throws(GraphError) in
        try builder.concat(inputs, axis: axis, name: name)
      }
    )
  }

  private mutating func permutation(
    _ name: String,
    _ input: PyTorchNetwork.Value,
    _ values: [PyTorchScriptValue]
  ) throws(ImportError) -> PyTorchScriptValue? {
    let rest = Array(values.dropFirst())
    guard var order = rest.count == 1 ? rest[0].integers : PyTorchScriptValue.list(rest).integers
    else { return nil }
    order = order.map { $0 < 0 ? $0 + input.shape.count : $0 }
    if name == "transpose" {
      guard order.count == 2, order.allSatisfy(input.shape.indices.contains) else { return nil }
      let (a, b) = (order[0], order[1])
      order = Array(input.shape.indices)
      order.swapAt(a, b)
    }
    let label = label("transpose")
    return .tensor(
      try network.build { [order] builder throws(GraphError) in
        try builder.transpose(input, permutation: order, name: label)
      }
    )
  }

  private mutating func slice(
    _ input: PyTorchNetwork.Value,
    _ arguments: PyTorchArguments
  ) throws(ImportError) -> PyTorchScriptValue? {
    let axis = axis(arguments[1], 0, input)
    guard input.shape.indices.contains(axis) else { return nil }
    let extent = input.shape[axis]
    func bound(_ value: PyTorchScriptValue, _ standard: Int) -> Int {
      let index = value.int ?? standard
      return min(max(index < 0 ? index + extent : index, 0), extent)
    }
    let (from, to) = (bound(arguments[2], 0), bound(arguments[3], .max))
    let step = arguments[4].int ?? 1
    guard step >= 1, from < to else { return nil }
    if from == 0, to == extent, step == 1 { return .tensor(input) }
    var start = [Int](repeating: 0, count: input.shape.count)
    var extents = input.shape
    var steps = [Int](repeating: 1, count: input.shape.count)
    (start[axis], steps[axis]) = (from, step)
    extents[axis] = (to - from - 1) / step + 1
    let name = label("slice")
    return .tensor(
      try network.build { [start, extents, steps] builder throws(GraphError) in
        try builder.slice(input, start: start, extent: extents, step: steps, name: name)
      }
    )
  }

  private mutating func parts(
    _ name: String,
    _ input: PyTorchNetwork.Value,
    _ arguments: PyTorchArguments
  ) throws(ImportError) -> PyTorchScriptValue? {
    let axis = axis(arguments[2], 0, input)
    guard let number = arguments[1].int, number > 0, input.shape.indices.contains(axis) else {
      return nil
    }
    let extent = input.shape[axis]
    let size = name == "chunk" ? (extent + number - 1) / number : number
    var result: [PyTorchScriptValue] = []
    for start in stride(from: 0, to: extent, by: size) {
      try step()
      let call = PyTorchArguments(
        names: [],
        positional: [
          .tensor(input), .int(axis), .int(start), .int(min(start + size, extent)), .int(1),
        ],
        named: [:]
      )
      guard let part = try slice(input, call) else { return nil }
      result.append(part)
    }
    return .list(result)
  }

  /// Padding is given from the last axis on: left, right, top, bottom, channels before and after.
  private mutating func pad(
    _ input: PyTorchNetwork.Value,
    _ arguments: PyTorchArguments
  ) throws(ImportError) -> PyTorchScriptValue? {
    var mode = "constant"
    var value = arguments[2].double ?? 0
    if case .string(let given) = arguments[2] {
      mode = given
      value = arguments[3].double ?? 0
    } else if arguments[3].double != nil {
      value = arguments[3].double ?? 0
    }
    guard var sides = arguments[1].integers, input.shape.count == 4, sides.count <= 6,
      sides.allSatisfy({ (0...1 << 12).contains($0) }), mode == "constant"
    else { return nil }
    while sides.count < 6 { sides.append(0) }
    let pad = Pad(
      padding: Padding(top: sides[2], left: sides[0], bottom: sides[3], right: sides[1]),
      channels: (sides[4], sides[5]),
      value: Float(value)
    )
    let name = label("pad")
    return .tensor(
      try network.build { builder throws(GraphError) in
        try builder.apply(.pad(pad), name: name, to: [input])
      }
    )
  }
}
