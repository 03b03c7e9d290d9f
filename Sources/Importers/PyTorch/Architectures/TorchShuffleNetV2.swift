internal import GraphIR

/// ShuffleNetV2 of any width (Ma and others 2018, https://arxiv.org/abs/1807.11164).
struct TorchShuffleNetV2: PyTorchArchitecture {
  var name: String { "ShuffleNetV2" }
  let inputChannels: Int

  static func recognize(_ parameters: PyTorchParameters) -> Self? {
    guard parameters.contains("stage2.0.branch1.0.weight"),
      parameters.contains("stage4.0.branch2.5.weight"), parameters.contains("conv5.0.weight"),
      parameters.contains("fc.weight"), let channels = parameters.extent("conv1.0.weight", 1)
    else { return nil }
    return Self(inputChannels: channels)
  }

  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = try network.block(input, "conv1.0", "conv1.1", stride: 2)
    x = try network.maxPool(x, "maxpool", kernel: 3, stride: 2, padding: 1)
    for stage in 2...4 {
      for index in 0..<network.parameters.count(of: "stage\(stage).") {
        x = try unit(&network, x, "stage\(stage).\(index)")
      }
    }
    x = try network.block(x, "conv5.0", "conv5.1")
    return try network.linear(try network.globalPool(x, "mean"), "fc")
  }

  /// Half of the channels pass, the others go through three convolutions; or both halves are convolved, at stride 2.
  private func unit(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value,
    _ name: String
  ) throws(ImportError) -> PyTorchNetwork.Value {
    let isStrided = network.parameters.contains(name + ".branch1.0.weight")
    let half = input.shape[1] / 2
    var left: PyTorchNetwork.Value
    var right: PyTorchNetwork.Value
    if isStrided {
      left = try network.block(input, name + ".branch1.0", name + ".branch1.1", stride: 2, nil)
      left = try network.block(left, name + ".branch1.2", name + ".branch1.3")
      right = input
    } else {
      left = try network.channels(input, from: 0, count: half, name + ".left")
      right = try network.channels(input, from: half, count: half, name + ".right")
    }
    right = try network.block(right, name + ".branch2.0", name + ".branch2.1")
    right = try network.block(
      right,
      name + ".branch2.3",
      name + ".branch2.4",
      stride: isStrided ? 2 : 1,
      nil
    )
    right = try network.block(right, name + ".branch2.5", name + ".branch2.6")
    let joined = try network.concat([left, right], name + ".cat")
    return try network.build { builder throws(GraphError) in
      try builder.channelShuffle(joined, groups: 2, name: name + ".shuffle")
    }
  }
}
