internal import GraphIR

/// MobileNetV3 large and small as torchvision has them (Howard and others 2019, https://arxiv.org/abs/1905.02244).
///
/// Its batch normalizations have ε = 0.001.
struct TorchMobileNetV3: PyTorchArchitecture {
  let isLarge: Bool
  let inputChannels: Int

  var name: String { isLarge ? "MobileNetV3 large" : "MobileNetV3 small" }
  private var blocks: Int { isLarge ? 15 : 11 }
  /// Blocks that halve the image.
  private var strided: Set<Int> { isLarge ? [2, 4, 7, 13] : [1, 2, 4, 9] }
  /// The first block with hard swish instead of ReLU.
  private var firstHardSwish: Int { isLarge ? 7 : 4 }

  static func recognize(_ parameters: PyTorchParameters) -> Self? {
    let blocks = Set(
      parameters.names.compactMap { name -> Int? in
        guard name.hasPrefix("features."), name.contains(".block.") else { return nil }
        return Int(name.dropFirst("features.".count).prefix { $0 != "." })
      }
    )
    guard blocks == Set(1...15) || blocks == Set(1...11),
      parameters.contains("features.\(blocks.count + 1).0.weight"),
      parameters.contains("classifier.3.weight"),
      let channels = parameters.extent("features.0.0.weight", 1)
    else { return nil }
    return Self(isLarge: blocks.count == 15, inputChannels: channels)
  }

  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    let epsilon: Float = 1e-3
    var x = try network.block(
      input,
      "features.0.0",
      "features.0.1",
      stride: 2,
      epsilon: epsilon,
      .hardSwish
    )
    for index in 1...blocks {
      let activation: UnaryFunction = index >= firstHardSwish ? .hardSwish : .relu
      let stride = strided.contains(index) ? 2 : 1
      x = try Self.invertedResidual(
        &network,
        x,
        "features.\(index)",
        stride: stride,
        epsilon: epsilon,
        activation,
        inner: .relu,
        gate: .hardSigmoid(alpha: 1 / 6, beta: 0.5)
      )
    }
    let last = "features.\(blocks + 1)"
    x = try network.block(x, last + ".0", last + ".1", epsilon: epsilon, .hardSwish)
    x = try network.linear(try network.globalPool(x, "avgpool"), "classifier.0")
    return try network.linear(try network.unary(x, .hardSwish, "classifier.1"), "classifier.3")
  }

  /// Expansion, depthwise convolution, excitation and projection, as far as the parameters show them.
  static func invertedResidual(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value,
    _ name: String,
    stride: Int,
    epsilon: Float,
    _ activation: UnaryFunction,
    inner: UnaryFunction,
    gate: UnaryFunction
  ) throws(ImportError) -> PyTorchNetwork.Value {
    let count = network.parameters.count(of: name + ".block.")
    var x = input
    // Whole convolutions (fused blocks) have their stride in the first one, others in the depthwise one.
    let isFused = !(0..<count).contains {
      network.parameters.extent("\(name).block.\($0).0.weight", 1) == 1
        && !network.parameters.isConvolution("\(name).block.\($0).0", kernel: 1)
    }
    for index in 0..<count {
      let part = "\(name).block.\(index)"
      if network.parameters.contains(part + ".fc1.weight") {
        x = try network.excitation(x, part, inner: inner, gate: gate)
        continue
      }
      let isPointwise = network.parameters.isConvolution(part + ".0", kernel: 1)
      let isLast = index == count - 1 && !(isFused && count == 1)
      x = try network.block(
        x,
        part + ".0",
        part + ".1",
        stride: isPointwise ? 1 : stride,
        epsilon: epsilon,
        isLast ? nil : activation
      )
    }
    guard stride == 1, input.shape == x.shape else { return x }
    return try network.add(input, x, name + ".add")
  }
}
