import Testing

/// A state_dict of zeros, for tests of names and shapes.
struct SyntheticState: Sendable, CustomTestStringConvertible {
  private(set) var entries: [(name: String, shape: [Int])] = []

  var testDescription: String { "\(entries.count) parameters" }

  /// Numbers in parameters, buffers not counted.
  var parameterCount: Int {
    entries.filter { !$0.name.contains("running_") }
      .reduce(0) { $0 + $1.shape.reduce(1, *) }
  }

  mutating func add(_ name: String, _ shape: [Int]) { entries.append((name, shape)) }

  mutating func convolution(_ name: String, _ shape: [Int], bias: Bool = false) {
    add(name + ".weight", shape)
    if bias { add(name + ".bias", [shape[0]]) }
  }

  mutating func normalization(_ name: String, _ channels: Int) {
    for part in ["weight", "bias", "running_mean", "running_var"] {
      add("\(name).\(part)", [channels])
    }
  }

  mutating func linear(_ name: String, _ inputs: Int, _ outputs: Int) {
    add(name + ".weight", [outputs, inputs])
    add(name + ".bias", [outputs])
  }

  /// A safetensors file with one byte a number.
  var safetensors: [UInt8] { safetensors(type: "U8", byteCount: 1) }

  func safetensors(type: String, byteCount: Int) -> [UInt8] {
    var offset = 0
    let records = entries.map { entry -> String in
      let end = offset + entry.shape.reduce(1, *) * byteCount
      defer { offset = end }
      return "\"\(entry.name)\":{\"dtype\":\"\(type)\",\"shape\":\(entry.shape),"
        + "\"data_offsets\":[\(offset),\(end)]}"
    }
    let header = Array("{\(records.joined(separator: ","))}".utf8)
    return (0..<8).map { UInt8(header.count >> (8 * $0) & 0xFF) } + header
      + [UInt8](repeating: 0, count: offset)
  }

  static var resNet18: SyntheticState {
    var state = SyntheticState()
    state.convolution("conv1", [64, 3, 7, 7])
    state.normalization("bn1", 64)
    var inputs = 64
    for (stage, width) in [64, 128, 256, 512].enumerated() {
      for index in 0..<2 {
        let block = "layer\(stage + 1).\(index)"
        state.convolution(block + ".conv1", [width, inputs, 3, 3])
        state.normalization(block + ".bn1", width)
        state.convolution(block + ".conv2", [width, width, 3, 3])
        state.normalization(block + ".bn2", width)
        if inputs != width {
          state.convolution(block + ".downsample.0", [width, inputs, 1, 1])
          state.normalization(block + ".downsample.1", width)
        }
        inputs = width
      }
    }
    state.linear("fc", 512, 1000)
    return state
  }

  static var mobileNetV2: SyntheticState {
    var state = SyntheticState()
    state.convolution("features.0.0", [32, 3, 3, 3])
    state.normalization("features.0.1", 32)
    var inputs = 32
    var index = 1
    for (expansion, width, count) in [
      (1, 16, 1), (6, 24, 2), (6, 32, 3), (6, 64, 4), (6, 96, 3), (6, 160, 3), (6, 320, 1),
    ] {
      for _ in 0..<count {
        let block = "features.\(index).conv"
        let hidden = inputs * expansion
        var layer = 0
        if expansion > 1 {
          state.convolution(block + ".0.0", [hidden, inputs, 1, 1])
          state.normalization(block + ".0.1", hidden)
          layer = 1
        }
        state.convolution("\(block).\(layer).0", [hidden, 1, 3, 3])
        state.normalization("\(block).\(layer).1", hidden)
        state.convolution("\(block).\(layer + 1)", [width, hidden, 1, 1])
        state.normalization("\(block).\(layer + 2)", width)
        inputs = width
        index += 1
      }
    }
    state.convolution("features.18.0", [1280, 320, 1, 1])
    state.normalization("features.18.1", 1280)
    state.linear("classifier.1", 1280, 1000)
    return state
  }

  static var squeezeNet11: SyntheticState {
    var state = SyntheticState()
    state.convolution("features.0", [64, 3, 3, 3], bias: true)
    var inputs = 64
    for (index, squeeze, expand) in [
      (3, 16, 64), (4, 16, 64), (6, 32, 128), (7, 32, 128), (9, 48, 192), (10, 48, 192),
      (11, 64, 256), (12, 64, 256),
    ] {
      let fire = "features.\(index)"
      state.convolution(fire + ".squeeze", [squeeze, inputs, 1, 1], bias: true)
      state.convolution(fire + ".expand1x1", [expand, squeeze, 1, 1], bias: true)
      state.convolution(fire + ".expand3x3", [expand, squeeze, 3, 3], bias: true)
      inputs = 2 * expand
    }
    state.convolution("classifier.1", [1000, 512, 1, 1], bias: true)
    return state
  }
}
