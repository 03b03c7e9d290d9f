internal import GraphIR

/// ResNet-18 … 152, ResNeXt and wide ResNet as torchvision has them (He and others 2015, https://arxiv.org/abs/1512.03385).
///
/// A bottleneck's stride is in its 3 × 3 convolution. Groups follow from the shapes.
struct TorchResNet: PyTorchArchitecture {
  let depths: [Int]
  let inputChannels: Int
  let isBottleneck: Bool
  let groups: Int
  let isWide: Bool

  var name: String {
    let layers = 2 + depths.reduce(0, +) * (isBottleneck ? 3 : 2)
    if groups > 1 { return "ResNeXt-\(layers) with \(groups) groups" }
    return isWide ? "wide ResNet-\(layers)" : "ResNet-\(layers)"
  }

  static func recognize(_ parameters: PyTorchParameters) -> Self? {
    guard parameters.isConvolution("conv1", kernel: 7), parameters.contains("bn1.running_mean"),
      parameters.contains("fc.weight"), let channels = parameters.extent("conv1.weight", 1),
      let width = parameters.extent("layer1.0.conv2.weight"),
      let narrow = parameters.extent("layer1.0.conv2.weight", 1), narrow > 0
    else { return nil }
    let depths = (1...4).map { parameters.count(of: "layer\($0).") }
    guard depths.allSatisfy({ $0 > 0 }) else { return nil }
    let isBottleneck = parameters.contains("layer1.0.conv3.weight")
    return Self(
      depths: depths,
      inputChannels: channels,
      isBottleneck: isBottleneck,
      groups: width / narrow,
      isWide: isBottleneck && width > 64
    )
  }

  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = try network.block(input, "conv1", "bn1", stride: 2)
    x = try network.maxPool(x, "maxpool", kernel: 3, stride: 2, padding: 1)
    for (stage, depth) in depths.enumerated() {
      for index in 0..<depth {
        let stride = stage > 0 && index == 0 ? 2 : 1
        x = try Self.block(&network, x, "layer\(stage + 1).\(index)", stride, "downsample")
      }
    }
    return try network.linear(try network.globalPool(x, "avgpool"), "fc")
  }

  /// A basic block or a bottleneck, with the shortcut that its parameters show.
  static func block(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value,
    _ name: String,
    _ stride: Int,
    _ shortcut: String
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = input
    if network.parameters.contains(name + ".conv3.weight") {
      x = try network.block(x, name + ".conv1", name + ".bn1")
      x = try network.block(x, name + ".conv2", name + ".bn2", stride: stride)
      x = try network.block(x, name + ".conv3", name + ".bn3", nil)
    } else {
      x = try network.block(x, name + ".conv1", name + ".bn1", stride: stride)
      x = try network.block(x, name + ".conv2", name + ".bn2", nil)
    }
    var other = input
    if network.parameters.contains("\(name).\(shortcut).0.weight") {
      other = try network.block(
        input,
        "\(name).\(shortcut).0",
        "\(name).\(shortcut).1",
        stride: stride,
        nil
      )
    } else if input.shape != x.shape {
      other = try TorchCIFARResNet.paddedShortcut(&network, input, name, like: x)
    }
    return try network.relu(try network.add(x, other, name + ".add"), name + ".relu")
  }
}
