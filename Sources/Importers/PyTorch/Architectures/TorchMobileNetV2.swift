internal import GraphIR

/// MobileNetV2 of any width and depth of the last layer (Sandler and others 2018, https://arxiv.org/abs/1801.04381).
struct TorchMobileNetV2: PyTorchArchitecture {
  let inputChannels: Int
  var name: String { "MobileNetV2" }

  /// Blocks that halve the image.
  private static let strided: Set<Int> = [2, 4, 7, 14]

  static func recognize(_ parameters: PyTorchParameters) -> Self? {
    guard parameters.contains("features.0.0.weight"),
      parameters.contains("features.17.conv.3.running_mean"),
      parameters.contains("features.18.1.running_mean"),
      let channels = parameters.extent("features.0.0.weight", 1),
      parameters.contains("classifier.1.weight")
    else { return nil }
    return Self(inputChannels: channels)
  }

  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = try network.block(input, "features.0.0", "features.0.1", stride: 2, .relu6)
    for index in 1...17 {
      let name = "features.\(index).conv"
      let block = x
      var layer = 0
      if network.parameters.contains(name + ".2.weight"),
        network.parameters.shape(name + ".2.weight")?.count == 4
      {
        x = try network.block(x, name + ".0.0", name + ".0.1", .relu6)
        layer = 1
      }
      let stride = Self.strided.contains(index) ? 2 : 1
      x = try network.block(
        x,
        "\(name).\(layer).0",
        "\(name).\(layer).1",
        stride: stride,
        .relu6
      )
      x = try network.block(x, "\(name).\(layer + 1)", "\(name).\(layer + 2)", nil)
      if stride == 1, block.shape == x.shape {
        x = try network.add(block, x, "features.\(index).add")
      }
    }
    x = try network.block(x, "features.18.0", "features.18.1", .relu6)
    return try network.linear(try network.globalPool(x, "avgpool"), "classifier.1")
  }
}
