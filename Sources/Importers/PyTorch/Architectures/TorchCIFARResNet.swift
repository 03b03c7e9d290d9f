internal import GraphIR

/// ResNets for 32 × 32 images: a 3 × 3 stem without pooling, three stages (ResNet-20 … 110, He and others 2015 section 4.2) or four.
///
/// A change of shape goes through a 1 × 1 convolution where the parameters hold one (option B), and otherwise
/// through every second pixel and channels of zeros (option A).
struct TorchCIFARResNet: PyTorchArchitecture {
  let depths: [Int]
  let inputChannels: Int
  let layersPerBlock: Int
  let head: String
  let shortcut: String

  var name: String { "CIFAR ResNet-\(2 + depths.reduce(0, +) * layersPerBlock)" }
  var inputSize: (height: Int, width: Int) { (32, 32) }

  static func recognize(_ parameters: PyTorchParameters) -> Self? {
    guard parameters.isConvolution("conv1", kernel: 3), parameters.contains("bn1.running_mean"),
      parameters.contains("layer1.0.bn1.running_mean"),
      let channels = parameters.extent("conv1.weight", 1),
      let head = ["linear", "fc"].first(where: { parameters.contains($0 + ".weight") })
    else { return nil }
    var depths = (1...4).map { parameters.count(of: "layer\($0).") }
    if depths.last == 0 { depths.removeLast() }
    guard depths.allSatisfy({ $0 > 0 }) else { return nil }
    return Self(
      depths: depths,
      inputChannels: channels,
      layersPerBlock: parameters.contains("layer1.0.conv3.weight") ? 3 : 2,
      head: head,
      shortcut: parameters.names.contains { $0.contains(".downsample.") }
        ? "downsample" : "shortcut"
    )
  }

  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = try network.block(input, "conv1", "bn1")
    for (stage, depth) in depths.enumerated() {
      for index in 0..<depth {
        let stride = stage > 0 && index == 0 ? 2 : 1
        x = try TorchResNet.block(&network, x, "layer\(stage + 1).\(index)", stride, shortcut)
      }
    }
    return try network.linear(try network.globalPool(x, "avgpool"), head)
  }

  /// Option A: every second row and column, and as many channels of zeros before as after.
  static func paddedShortcut(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value,
    _ name: String,
    like target: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    let extra = target.shape[1] - input.shape[1]
    let step = (input.shape[2] + target.shape[2] - 1) / target.shape[2]
    return try network.build { builder throws(GraphError) in
      guard extra >= 0, step >= 1 else {
        throw GraphError("shortcut from \(input.shape) to \(target.shape)", node: name)
      }
      let sampled = try builder.slice(
        input,
        start: [0, 0, 0, 0],
        extent: [1, input.shape[1], target.shape[2], target.shape[3]],
        step: [1, 1, step, step],
        name: name + ".shortcut.sample"
      )
      let pad = Pad(padding: Padding(), channels: (extra / 2, extra - extra / 2))
      return try builder.apply(.pad(pad), name: name + ".shortcut.pad", to: [sampled])
    }
  }
}
