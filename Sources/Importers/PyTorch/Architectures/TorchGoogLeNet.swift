internal import GraphIR

/// GoogLeNet with batch normalization as torchvision has it (Szegedy and others 2014, https://arxiv.org/abs/1409.4842).
///
/// Its batch normalizations have ε = 0.001. The auxiliary heads serve training alone.
struct TorchGoogLeNet: PyTorchArchitecture {
  var name: String { "GoogLeNet" }
  /// Its `transform_input` undoes the usual mean and scale: (pixel ÷ 255 − ½) ÷ ½ remains.
  var imageNetPreprocessing: Preprocessing {
    Preprocessing(mean: [127.5], std: [127.5], color: .rgb)
  }
  let inputChannels: Int

  static func recognize(_ parameters: PyTorchParameters) -> Self? {
    guard parameters.contains("inception5b.branch4.1.conv.weight"),
      parameters.contains("fc.weight"), let channels = parameters.extent("conv1.conv.weight", 1)
    else { return nil }
    return Self(inputChannels: channels)
  }

  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = try Self.block(&network, input, "conv1", stride: 2)
    x = try network.maxPool(x, "maxpool1", kernel: 3, stride: 2, ceilMode: true)
    x = try Self.block(&network, try Self.block(&network, x, "conv2"), "conv3")
    x = try network.maxPool(x, "maxpool2", kernel: 3, stride: 2, ceilMode: true)
    for name in ["3a", "3b"] { x = try Self.inception(&network, x, "inception" + name) }
    x = try network.maxPool(x, "maxpool3", kernel: 3, stride: 2, ceilMode: true)
    for name in ["4a", "4b", "4c", "4d", "4e"] {
      x = try Self.inception(&network, x, "inception" + name)
    }
    x = try network.maxPool(x, "maxpool4", kernel: 2, stride: 2, ceilMode: true)
    for name in ["5a", "5b"] { x = try Self.inception(&network, x, "inception" + name) }
    network.drop { $0.hasPrefix("aux1.") || $0.hasPrefix("aux2.") }
    network.notes.append(
      "torchvision's trained GoogLeNet expects (pixel / 255 - 0.5) / 0.5: --mean 127.5 --std 127.5"
    )
    return try network.linear(try network.globalPool(x, "avgpool"), "fc")
  }

  private static func block(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value,
    _ name: String,
    stride: Int = 1
  ) throws(ImportError) -> PyTorchNetwork.Value {
    try network.block(input, name + ".conv", name + ".bn", stride: stride, epsilon: 1e-3)
  }

  private static func inception(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value,
    _ name: String
  ) throws(ImportError) -> PyTorchNetwork.Value {
    let one = try block(&network, input, name + ".branch1")
    let two = try block(
      &network,
      try block(&network, input, name + ".branch2.0"),
      name + ".branch2.1"
    )
    let three = try block(
      &network,
      try block(&network, input, name + ".branch3.0"),
      name + ".branch3.1"
    )
    let pooled = try network.maxPool(input, name + ".branch4.0", kernel: 3, stride: 1, padding: 1)
    let four = try block(&network, pooled, name + ".branch4.1")
    return try network.concat([one, two, three, four], name + ".cat")
  }
}
