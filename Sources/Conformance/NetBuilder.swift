package import ModelFormat

/// Builds networks whose operands are all cut out of one flat input.
///
/// The model's input is 1 × 1 × everything; each operand is a view of it, reshaped into a tensor with a stride, an offset
/// in a wider root, and a zero point of its own. No two tensors share memory by accident.
package struct NetBuilder: Sendable {
  /// What has been built so far.
  package private(set) var model = ModelContents()
  private var arena = 0
  /// What the input holds: tensors and their content.
  package var operands: [(tensor: Int, picture: Picture)] = []
  private var random: SplitMix64

  /// A builder whose choices depend on `seed` alone.
  package init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    // Tensor 0 is the input; its size is known at the end.
    model.tensors.append(.init(name: "input", record: TensorRecord()))
  }

  /// One of the values.
  package mutating func pick<Value>(_ values: [Value]) -> Value { random.pick(values) }
  /// A number of the range.
  package mutating func number(_ range: ClosedRange<Int>) -> Int { random.number(range) }
  /// Random bytes.
  package mutating func bytes(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    for _ in 0..<count { bytes.append(random.byte()) }
    return bytes
  }

  /// A tensor of its own, or a view at some channel of a wider one.
  package mutating func tensor(
    _ height: Int,
    _ width: Int,
    _ channels: Int,
    isFloat: Bool = false,
    isWide: Bool = false,
    scale: Float? = nil,
    zeroPoint: Int32? = nil
  ) -> Int {
    let isView = !isWide && pick([true, false])
    let first = isView ? number(0...9) : 0
    let total = first + channels + (isView ? number(0...5) : 0)
    var record = TensorRecord()
    (record.height, record.width, record.channels) = (height, width, total)
    record.pixelStride = (total + 3) / 4 * 4 + 4 * number(0...2)
    record.elementType = isFloat ? .float32 : isWide ? .wide : .u8
    record.scale = isFloat ? 1 : (scale ?? Float(number(1...1000)) / 500)
    record.zeroPoint = isFloat ? 0 : (zeroPoint ?? Int32(number(0...255)))
    record.arenaOffset = arena
    record.root = model.tensors.count
    arena += (record.storageByteCount + 63) / 64 * 64
    model.tensors.append(.init(name: "t\(model.tensors.count)", record: record))
    guard isView else { return record.root }
    record.channels = channels
    record.arenaOffset += first * record.elementSize
    model.tensors.append(.init(name: "t\(model.tensors.count)", record: record))
    return model.tensors.count - 1
  }

  /// An operand with given or random content.
  package mutating func operand(
    _ height: Int,
    _ width: Int,
    _ channels: Int,
    values: [UInt8]? = nil,
    zeroPoint: Int32? = nil
  ) -> (tensor: Int, picture: Picture) {
    let content = values ?? bytes(height * width * channels)
    let picture = Picture(height, width, channels, content)
    let tensor = tensor(height, width, channels, zeroPoint: zeroPoint)
    operands.append((tensor, picture))
    return (tensor, picture)
  }

  /// A float32 operand: bytes dequantized by an operator, and their values.
  package mutating func floatOperand(_ height: Int, _ width: Int, _ channels: Int) -> (Int, [Float])
  {
    let (bytes, picture) = operand(height, width, channels)
    let tensor = tensor(height, width, channels, isFloat: true)
    var record = OperatorRecord(.dequantize)
    (record.input, record.output) = (bytes, tensor)
    add(record)
    let (scale, zero) = (model.tensors[bytes].record.scale, model.tensors[bytes].record.zeroPoint)
    var values: [Float] = []
    for byte in picture.values { values.append((Float(byte) - Float(zero)) * scale) }
    return (tensor, values)
  }

  /// An operand and the numbers u that it holds: random bytes or, where `isWide`, u8.8 that an average over one tap makes of them.
  package mutating func numberOperand(
    _ height: Int,
    _ width: Int,
    _ channels: Int,
    isWide: Bool
  ) -> (tensor: Int, numbers: [Float]) {
    let (bytes, picture) = operand(height, width, channels)
    guard isWide else { return (bytes, picture.values.map { Float($0) }) }
    let tensor = tensor(height, width, channels, isWide: true)
    var record = OperatorRecord(.averagePool)
    (record.input, record.output) = (bytes, tensor)
    record.multiplierA = Float(number(1...3000)) / 1999
    attach([UInt32(0)], to: &record)
    add(record)
    let (from, to) = (self.record(bytes).zeroPoint, self.record(tensor).zeroPoint)
    let numbers = picture.values.map { byte in
      // Below 2²², so that adding 1.5 × 2²³ rounds; boards have no libm.
      let value = Float(Int32(byte) - from) * record.multiplierA * 256
      let steps = (value + 12_582_912) - 12_582_912
      return min(max(steps + Float(256 * to), 0), 65535) / 256
    }
    return (tensor, numbers)
  }

  /// Adds an operator after all others.
  package mutating func add(_ record: OperatorRecord) {
    model.operators.append(.init(name: "op\(model.operators.count)", record: record))
  }

  /// Adds constants of an operator.
  package mutating func attach<T: BitwiseCopyable>(
    _ constants: [T],
    to record: inout OperatorRecord
  ) {
    model.attach(constants: constants, to: &record)
  }

  /// Adds weights and constants of a convolution.
  package mutating func attach(
    weights: [Int8],
    bias: [Int32],
    multiplier: [Float],
    weightSum: [Int32],
    to record: inout OperatorRecord
  ) {
    model.attach(
      weights: weights,
      bias: bias,
      multiplier: multiplier,
      weightSum: weightSum,
      to: &record
    )
  }

  /// The record of a tensor.
  package func record(_ tensor: Int) -> TensorRecord { model.tensors[tensor].record }

  /// The contents with the input, the reshapes in front and lifetimes, and the input's bytes.
  package func finish(output: Int) -> (model: ModelContents, input: [UInt8]) {
    var finished = model
    var reshapes: [ModelContents.NamedOperator] = []
    var input: [UInt8] = []
    let start = (arena + 63) / 64 * 64
    var total = 0
    for (_, picture) in operands { total += picture.values.count }
    let stride = (total + 3) / 4 * 4
    for (tensor, picture) in operands {
      var view = TensorRecord()
      view.channels = picture.values.count
      view.pixelStride = stride
      view.arenaOffset = start + input.count
      view.scale = model.tensors[tensor].record.scale
      view.zeroPoint = model.tensors[tensor].record.zeroPoint
      view.root = 0
      finished.tensors.append(.init(name: "cut", record: view))
      var record = OperatorRecord(.reshape)
      (record.input, record.output) = (finished.tensors.count - 1, tensor)
      reshapes.append(.init(name: "reshape", record: record))
      input += picture.values
    }
    var record = TensorRecord()
    record.channels = total
    record.pixelStride = stride
    record.arenaOffset = start
    finished.tensors[0].record = record
    finished.operators = reshapes + model.operators
    finished.input.channels = total
    finished.arenaSize = (start + stride + 63) / 64 * 64 + 64
    finished.inputTensor = 0
    finished.outputTensor = output
    finished.assignLifetimes()
    return (finished, input)
  }
}
