internal import GraphIR

/// DenseNet-121 … 201 as torchvision has them (Huang and others 2016, https://arxiv.org/abs/1608.06993).
struct TorchDenseNet: PyTorchArchitecture {
  let depths: [Int]
  let inputChannels: Int

  var name: String { "DenseNet-\(depths.reduce(0, +) * 2 + depths.count + 1)" }

  static func recognize(_ parameters: PyTorchParameters) -> Self? {
    guard parameters.contains("features.denseblock1.denselayer1.conv2.weight"),
      parameters.contains("classifier.weight"),
      let channels = parameters.extent("features.conv0.weight", 1)
    else { return nil }
    var depths: [Int] = []
    while case let depth = parameters.count(
      of: "features.denseblock\(depths.count + 1).denselayer",
      from: 1
    ), depth > 0 {
      depths.append(depth)
    }
    return Self(depths: depths, inputChannels: channels)
  }

  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = try network.block(input, "features.conv0", "features.norm0", stride: 2)
    x = try network.maxPool(x, "features.pool0", kernel: 3, stride: 2, padding: 1)
    for (stage, depth) in depths.enumerated() {
      let block = "features.denseblock\(stage + 1)"
      for index in 1...depth {
        let name = "\(block).denselayer\(index)"
        let squeezed = try preactivated(&network, x, name + ".norm1", name + ".conv1")
        let grown = try preactivated(&network, squeezed, name + ".norm2", name + ".conv2")
        x = try network.concat([x, grown], name + ".cat")
      }
      guard stage + 1 < depths.count else { break }
      let name = "features.transition\(stage + 1)"
      x = try preactivated(&network, x, name + ".norm", name + ".conv")
      x = try network.averagePool(x, name + ".pool", kernel: 2, stride: 2)
    }
    x = try network.relu(try network.normalization(x, "features.norm5"), "relu")
    return try network.linear(try network.globalPool(x, "avgpool"), "classifier")
  }

  private func preactivated(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value,
    _ normalization: String,
    _ convolution: String
  ) throws(ImportError) -> PyTorchNetwork.Value {
    let normal = try network.normalization(input, normalization)
    let active = try network.relu(normal, normalization + ".relu")
    return try network.convolution(active, convolution)
  }
}
