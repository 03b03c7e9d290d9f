internal import GraphIR

/// MNASNet of any width as torchvision has it (Tan and others 2018, https://arxiv.org/abs/1807.11626).
struct TorchMNASNet: PyTorchArchitecture {
  var name: String { "MNASNet" }
  let inputChannels: Int

  static func recognize(_ parameters: PyTorchParameters) -> Self? {
    guard parameters.contains("layers.8.0.layers.0.weight"),
      parameters.contains("layers.13.0.layers.6.weight"),
      parameters.contains("layers.15.running_mean"), parameters.contains("classifier.1.weight"),
      let channels = parameters.extent("layers.0.weight", 1)
    else { return nil }
    return Self(inputChannels: channels)
  }

  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = try network.block(input, "layers.0", "layers.1", stride: 2)
    x = try network.block(x, "layers.3", "layers.4")
    x = try network.block(x, "layers.6", "layers.7", nil)
    for (stack, stride) in zip(8...13, [2, 2, 2, 1, 2, 1]) {
      for index in 0..<network.parameters.count(of: "layers.\(stack).") {
        let name = "layers.\(stack).\(index)"
        let step = index == 0 ? stride : 1
        let block = x
        x = try network.block(x, name + ".layers.0", name + ".layers.1")
        x = try network.block(x, name + ".layers.3", name + ".layers.4", stride: step)
        x = try network.block(x, name + ".layers.6", name + ".layers.7", nil)
        if step == 1, block.shape == x.shape { x = try network.add(block, x, name + ".add") }
      }
    }
    x = try network.block(x, "layers.14", "layers.15")
    return try network.linear(try network.globalPool(x, "mean"), "classifier.1")
  }
}
