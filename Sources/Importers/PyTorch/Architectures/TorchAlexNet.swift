internal import GraphIR

/// AlexNet as torchvision has it (Krizhevsky 2014, https://arxiv.org/abs/1404.5997).
struct TorchAlexNet: PyTorchArchitecture {
  var name: String { "AlexNet" }
  let inputChannels: Int

  static func recognize(_ parameters: PyTorchParameters) -> Self? {
    guard parameters.isConvolution("features.0", kernel: 11),
      parameters.isConvolution("features.3", kernel: 5),
      parameters.isConvolution("features.10", kernel: 3),
      parameters.contains("classifier.6.weight"),
      let channels = parameters.extent("features.0.weight", 1)
    else { return nil }
    return Self(inputChannels: channels)
  }

  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = try network.convolution(input, "features.0", stride: 4, padding: 2)
    x = try network.maxPool(try network.relu(x, "features.1"), "features.2", kernel: 3, stride: 2)
    x = try network.relu(try network.convolution(x, "features.3"), "features.4")
    x = try network.maxPool(x, "features.5", kernel: 3, stride: 2)
    for index in [6, 8, 10] {
      x = try network.convolution(x, "features.\(index)")
      x = try network.relu(x, "features.\(index + 1)")
    }
    x = try network.maxPool(x, "features.12", kernel: 3, stride: 2)
    x = try network.adaptiveAveragePool(x, "avgpool", height: 6, width: 6)
    x = try network.relu(try network.linear(x, "classifier.1"), "classifier.2")
    x = try network.relu(try network.linear(x, "classifier.4"), "classifier.5")
    return try network.linear(x, "classifier.6")
  }
}
