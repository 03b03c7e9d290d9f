internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Tensors: making them, finding the one that holds a value, and turning it into the form that an operator reads.
extension Lowering {
  /// A new tensor with its own memory; float32 where `parameters` is nil, else bytes or u8.8.
  mutating func addTensor(
    name: String,
    _ shape: PixelShape,
    _ parameters: QuantizationParameters?,
    isWide: Bool = false
  ) -> Int {
    var record = TensorRecord()
    record.height = shape.height
    record.width = shape.width
    record.channels = shape.channels
    record.pixelStride = (shape.channels + 3) / 4 * 4
    if let parameters {
      record.scale = parameters.scale
      record.zeroPoint = parameters.zeroPoint
      if isWide { record.elementType = .wide }
    } else {
      record.elementType = .float32
    }
    record.root = contents.tensors.count
    contents.tensors.append(.init(name: name, record: record))
    channelOffsets.append(0)
    return record.root
  }

  /// Channels `offset..<offset + count` of `tensor` as a tensor of their own in the same memory.
  mutating func addView(
    name: String,
    of tensor: Int,
    offset: Int,
    count: Int,
    _ parameters: QuantizationParameters?
  ) -> Int {
    var record = contents.tensors[tensor].record
    record.channels = count
    if let parameters {
      record.scale = parameters.scale
      record.zeroPoint = parameters.zeroPoint
    }
    contents.tensors.append(.init(name: name, record: record))
    channelOffsets.append(channelOffsets[tensor] + offset)
    return contents.tensors.count - 1
  }

  func record(_ tensor: Int) -> TensorRecord { contents.tensors[tensor].record }

  func shape(_ tensor: Int) -> PixelShape {
    let record = record(tensor)
    return PixelShape(height: record.height, width: record.width, channels: record.channels)
  }

  func isFloat(_ tensor: Int) -> Bool { record(tensor).elementType == .float32 }

  func parameters(_ tensor: Int) -> QuantizationParameters {
    QuantizationParameters(scale: record(tensor).scale, zeroPoint: record(tensor).zeroPoint)
  }

  func pixelShape(_ value: ValueID) throws(Problem) -> PixelShape {
    guard let shape = PixelShape(graph.shape(of: value)) else {
      throw Problem(
        "\"\(graph[value].name)\" has shape \(graph.shape(of: value)), expected at most [1, height, width, channels]"
      )
    }
    return shape
  }

  /// Where the value lies in bytes or float32; a u8.8 value is rounded to bytes the first time.
  mutating func location(_ value: ValueID) throws(Problem) -> Location {
    if locations[value] == nil, let tensor = wideTensors[value] {
      locations[value] = Location(tensor: try bytes(ofWide: tensor), shape: try pixelShape(value))
    }
    guard let location = locations[value] else {
      throw Problem("reads \"\(graph[value].name)\", which no operator computes")
    }
    return location
  }

  /// The tensor that holds `value` in its own shape, all channels in order; copies where the value lies otherwise.
  mutating func tensor(_ value: ValueID) throws(Problem) -> Int {
    let location = try orderedLocation(value)
    guard shape(location.tensor) != location.shape else { return location.tensor }
    let copy = addTensor(
      name: graph[value].name,
      location.shape,
      isFloat(location.tensor) ? nil : parameters(location.tensor)
    )
    var record = OperatorRecord(.reshape)
    record.input = location.tensor
    record.output = copy
    emit(record, name: "\(graph[value].name)/reshape")
    locations[value] = Location(tensor: copy, shape: location.shape)
    return copy
  }

  /// The same for operators that need bytes.
  mutating func byteTensor(_ value: ValueID) throws(Problem) -> Int {
    let tensor = try tensor(value)
    guard !isFloat(tensor) else {
      throw Problem(
        "reads \"\(graph[value].name)\", which is float32 after a softmax; only heads are float"
      )
    }
    return tensor
  }

  /// The tensor whose dense sequence of elements is `value`'s, whatever its shape.
  mutating func denseTensor(_ value: ValueID) throws(Problem) -> Int {
    try orderedLocation(value).tensor
  }

  /// The value in float32, dequantized if need be.
  mutating func floatTensor(_ value: ValueID, name: String) throws(Problem) -> Int {
    let source = if let wide = try wideTensor(value) { wide } else { try tensor(value) }
    guard !isFloat(source) else { return source }
    let target = addTensor(name: "\(graph[value].name)/float", shape(source), nil)
    var record = OperatorRecord(.dequantize)
    record.input = source
    record.output = target
    emit(record, name: "\(name)/dequantize")
    return target
  }

  /// Where the value lies, after its channels have been put in order.
  private mutating func orderedLocation(_ value: ValueID) throws(Problem) -> Location {
    var location = try location(value)
    guard let channels = location.channels else { return location }
    let copy = addTensor(
      name: graph[value].name,
      location.shape,
      isFloat(location.tensor) ? nil : parameters(location.tensor)
    )
    emitGather(from: location.tensor, channels, to: copy, name: "\(graph[value].name)/gather")
    location = Location(tensor: copy, shape: location.shape)
    locations[value] = location
    return location
  }

  /// A tensor of `shape` for a node to write `value` to: a view where a concatenation wants it in place.
  ///
  /// Operators that may write u8.8 pass `mayBeWide`.
  mutating func target(
    _ value: ValueID,
    _ shape: PixelShape,
    mayBeWide: Bool = false
  ) throws(Problem) -> Int {
    let isFloat = model.floatValues.contains(value)
    guard isFloat || model.parameters[value] != nil else {
      throw Problem("\"\(graph[value].name)\" has no range")
    }
    let parameters = isFloat ? nil : model.parameters[value]
    if mayBeWide, model.wideValues.contains(value) {
      return addTensor(name: graph[value].name, shape, parameters, isWide: true)
    }
    if let placement = placements.parts[value], PixelShape(graph.shape(of: value)) == shape {
      return addView(
        name: graph[value].name,
        of: try concatTensor(placement.concat),
        offset: placement.offset,
        count: shape.channels,
        parameters
      )
    }
    return addTensor(name: graph[value].name, shape, parameters)
  }

  /// The tensor of a whole concatenation, made at its first use; a view where it is itself part of one.
  mutating func concatTensor(_ value: ValueID) throws(Problem) -> Int {
    if let tensor = concatTensors[value] { return tensor }
    let tensor = try target(value, try pixelShape(value))
    concatTensors[value] = tensor
    return tensor
  }

  /// Notes that `value` lies in `tensor`.
  mutating func define(_ value: ValueID, in tensor: Int) throws(Problem) {
    guard record(tensor).elementType != .wide else {
      wideTensors[value] = tensor
      wideOwners[tensor] = (value, nil)
      return
    }
    locations[value] = Location(tensor: tensor, shape: try pixelShape(value))
  }

  /// Appends an operator; `value` is what it computes, for comparison with float.
  mutating func emit(_ record: OperatorRecord, name: String, value: ValueID? = nil) {
    contents.operators.append(.init(name: name, record: record))
    operatorValues.append(value)
  }

  /// Copies channels of one tensor to another of the same height, width and quantization.
  mutating func emitGather(from source: Int, _ channels: [Int], to target: Int, name: String) {
    var record = OperatorRecord(.gatherChannels)
    record.input = source
    record.output = target
    contents.attach(constants: channels.map { UInt32($0) }, to: &record)
    emit(record, name: name)
  }

  /// Bytes that bounds on real values become; the whole byte range where there are none.
  func byteClamp(
    _ clamp: Clamp,
    _ parameters: QuantizationParameters
  ) -> (low: Int32, high: Int32) {
    let low = Int32(parameters.quantize(Double(clamp.low)))
    return (low, max(low, Int32(parameters.quantize(Double(clamp.high)))))
  }
}
