import ModelFormat

/// A 3 × 3 RGB classifier of two classes: two convolutions written into one concatenation, a pooled head, softmax.
func smallModel() -> ModelContents {
  var model = ModelContents()
  model.metadata = [
    .init(key: "source", value: "test"), .init(key: "converter", value: "EdgeCNN"),
  ]
  model.labels = ["cat", "hönd"]
  model.report = "{}"
  model.input.height = 3
  model.input.width = 3
  model.input.channels = 3

  func tensor(
    _ name: String,
    _ shape: (Int, Int, Int),
    at offset: Int,
    stride: Int,
    root: Int? = nil,
    type: TensorRecord.ElementType = .u8
  ) {
    var record = TensorRecord()
    (record.height, record.width, record.channels) = shape
    record.pixelStride = stride
    record.arenaOffset = offset
    record.root = root ?? model.tensors.count
    record.elementType = type
    if type == .u8 { (record.scale, record.zeroPoint) = (0.5, 128) }
    model.tensors.append(.init(name: name, record: record))
  }
  tensor("image", (3, 3, 3), at: 0, stride: 4)
  tensor("joined", (3, 3, 7), at: 64, stride: 8)
  tensor("left", (3, 3, 5), at: 64, stride: 8, root: 1)
  tensor("right", (3, 3, 2), at: 69, stride: 8, root: 1)
  tensor("pooled", (1, 1, 7), at: 192, stride: 8)
  tensor("logits", (1, 1, 2), at: 256, stride: 4, type: .float32)
  tensor("scores", (1, 1, 2), at: 320, stride: 4, type: .float32)
  model.arenaSize = 448
  model.outputTensor = 6

  func convolution(_ name: String, _ input: Int, _ output: Int, kernel: Int, pad: Int) {
    var record = OperatorRecord(.convolution)
    (record.input, record.output) = (input, output)
    (record.kernelHeight, record.kernelWidth) = (kernel, kernel)
    (record.padTop, record.padLeft) = (pad, pad)
    record.padPixel = 0x8080_8080
    let inputs = model.tensors[input].record.channels
    let outputs = model.tensors[output].record.channels
    let taps = kernel * kernel
    let layout = PackedLayout(outputs: outputs, inputs: inputs, taps: taps, groups: 1)
    var weights = [Int8](repeating: 0, count: layout.weightBytes)
    var bias = [Int32](repeating: 0, count: layout.channelSlots)
    var multiplier = [Float](repeating: 0, count: layout.channelSlots)
    var sums = bias
    for output in 0..<outputs {
      for tap in 0..<taps {
        for input in 0..<inputs {
          let weight = Int8((output * 31 + tap * 7 + input * 3) % 255 - 127)
          let step = tap * ((inputs + 3) / 4) + input / 4
          weights[layout.index(group: 0, output: output, step: step, lane: input % 4)] = weight
          sums[output] += Int32(weight)
        }
      }
      bias[output] = Int32(output) - 128 * sums[output]
      multiplier[output] = 0.001
    }
    model.attach(
      weights: weights,
      bias: bias,
      multiplier: multiplier,
      weightSum: sums,
      to: &record
    )
    model.operators.append(.init(name: name, record: record))
  }
  convolution("conv_left", 0, 2, kernel: 3, pad: 1)
  convolution("conv_right", 0, 3, kernel: 1, pad: 0)
  var pool = OperatorRecord(.averagePool)
  (pool.input, pool.output, pool.kernelHeight, pool.kernelWidth) = (1, 4, 3, 3)
  pool.multiplierA = 1
  model.attach(constants: [UInt32(0)], to: &pool)
  model.operators.append(.init(name: "pool", record: pool))
  convolution("head", 4, 5, kernel: 1, pad: 0)
  var softmax = OperatorRecord(.softmax)
  (softmax.input, softmax.output) = (5, 6)
  model.operators.append(.init(name: "softmax", record: softmax))
  model.goldens = [
    GoldenVector(
      input: .seed(7),
      output: [UInt8](repeating: 1, count: 8),
      hashes: [1, 2, 3, 4, 5]
    ),
    GoldenVector(
      input: .stored([UInt8](0..<27)),
      output: [UInt8](repeating: 2, count: 8),
      hashes: [6, 7, 8, 9, 10]
    ),
  ]
  model.assignLifetimes()
  return model
}

/// The same with the pooled values in u8.8, which the head reads.
func wideModel() -> ModelContents {
  var model = smallModel()
  model.tensors[4].record.elementType = .wide
  return model
}

/// A 3 × 3 RGB image made u8.8, and a table of that.
func wideLookup() -> ModelContents {
  var model = ModelContents()
  (model.input.height, model.input.width) = (3, 3)
  for (index, name) in ["image", "wide", "looked"].enumerated() {
    var record = TensorRecord()
    (record.height, record.width, record.channels) = (3, 3, 3)
    (record.root, record.arenaOffset) = (index, 64 * [0, 1, 3][index])
    if index == 1 { record.elementType = .wide }
    model.tensors.append(.init(name: name, record: record))
  }
  var pool = OperatorRecord(.averagePool)
  (pool.output, pool.multiplierA) = (1, 1)
  model.attach(constants: [UInt32(0)], to: &pool)
  var lookup = OperatorRecord(.lookup)
  (lookup.input, lookup.output) = (1, 2)
  model.attach(constants: (0...256).map { UInt16(255 * $0) }, to: &lookup)
  model.operators = [.init(name: "pool", record: pool), .init(name: "lookup", record: lookup)]
  model.arenaSize = 384
  model.outputTensor = 2
  model.assignLifetimes()
  return model
}

/// The message of the error that reading `bytes` gives, or nil where they are valid.
func refusal(_ bytes: [UInt8]) -> String? {
  do throws(ModelFormatError) {
    _ = try ModelFile(copying: bytes)
    return nil
  } catch {
    return error.message
  }
}

/// `bytes` with every checksum made right again, as far as the section table makes sense.
func resealed(_ bytes: [UInt8]) -> [UInt8] {
  var bytes = bytes
  func number(_ offset: Int, _ size: Int) -> UInt64 {
    (0..<size).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
  }
  func store(_ value: UInt64, at offset: Int) {
    for byte in 0..<8 {
      bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(byte)))
    }
  }
  let sections = Int(min(16, number(24, 4)))
  guard bytes.count >= 64 + 32 * sections else { return bytes }
  for index in 0..<sections {
    let entry = 64 + 32 * index
    let (offset, size) = (number(entry + 8, 8), number(entry + 16, 8))
    guard offset <= bytes.count, size <= UInt64(bytes.count) - offset else { continue }
    store(XXH64.hash(Array(bytes[Int(offset)..<Int(offset + size)])), at: entry + 24)
  }
  store(XXH64.hash(Array(bytes[0..<32] + bytes[40..<(64 + 32 * sections)])), at: 32)
  return bytes
}
