internal import GraphIR

/// VGG with or without batch normalization, and its CIFAR form with one linear layer
/// (Simonyan and Zisserman 2014, https://arxiv.org/abs/1409.1556).
///
/// `features` is a Sequential of convolution, (normalization,) ReLU and pooling; its pooling layers show as gaps in the
/// numbering.
struct TorchVGG: PyTorchArchitecture {
  /// One convolution and what follows it.
  struct Layer {
    var index: Int
    var isNormalized: Bool
    var isPooled: Bool
  }

  let layers: [Layer]
  let inputChannels: Int
  /// Whether the classifier is a single linear layer, as in networks for CIFAR.
  let isSmall: Bool
  let bins: Int

  var name: String {
    "VGG-\(layers.count + (isSmall ? 1 : 3))\(layers[0].isNormalized ? " with batch normalization" : "")"
  }
  var inputSize: (height: Int, width: Int) { isSmall ? (32, 32) : (224, 224) }

  static func recognize(_ parameters: PyTorchParameters) -> Self? {
    let all = parameters.indices(of: "features.", suffix: ".weight")
    let convolutions = all.filter { parameters.isConvolution("features.\($0)", kernel: 3) }
    guard convolutions.count >= 4, convolutions.first == 0,
      let channels = parameters.extent("features.0.weight", 1), let last = convolutions.last,
      let depth = parameters.extent("features.\(last).weight")
    else { return nil }
    let isSmall = parameters.extent("classifier.weight", 1) == depth
    let inputs = parameters.extent("classifier.0.weight", 1) ?? 0
    let bins = Int(Double(inputs / max(1, depth)).squareRoot())
    guard isSmall || parameters.contains("classifier.6.weight") && bins * bins * depth == inputs
    else { return nil }
    var layers: [Layer] = []
    for (position, index) in convolutions.enumerated() {
      let isNormalized = parameters.contains("features.\(index + 1).running_mean")
      let next = position + 1 < convolutions.count ? convolutions[position + 1] : nil
      let plain = index + (isNormalized ? 3 : 2)
      guard next == nil || next == plain || next == plain + 1 else { return nil }
      layers.append(Layer(index: index, isNormalized: isNormalized, isPooled: next != plain))
    }
    let normalized = layers.filter(\.isNormalized).count
    guard normalized + layers.count == all.count, layers.filter(\.isPooled).count == 5 else {
      return nil
    }
    return Self(layers: layers, inputChannels: channels, isSmall: isSmall, bins: bins)
  }

  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = input
    for layer in layers {
      x = try network.convolution(x, "features.\(layer.index)")
      var next = layer.index + 1
      if layer.isNormalized {
        x = try network.normalization(x, "features.\(next)")
        next += 1
      }
      x = try network.relu(x, "features.\(next)")
      if layer.isPooled { x = try network.maxPool(x, "features.\(next + 1)", kernel: 2, stride: 2) }
    }
    if isSmall { return try network.linear(x, "classifier") }
    x = try network.adaptiveAveragePool(x, "avgpool", height: bins, width: bins)
    x = try network.relu(try network.linear(x, "classifier.0"), "classifier.1")
    x = try network.relu(try network.linear(x, "classifier.3"), "classifier.4")
    return try network.linear(x, "classifier.6")
  }
}
