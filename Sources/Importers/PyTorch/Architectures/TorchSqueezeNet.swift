internal import GraphIR

/// SqueezeNet 1.0 and 1.1 (Iandola and others 2016, https://arxiv.org/abs/1602.07360).
///
/// Gaps in the numbering of the fire modules are pooling layers.
struct TorchSqueezeNet: PyTorchArchitecture {
  let fires: [Int]
  let inputChannels: Int
  let kernel: Int

  var name: String { kernel == 7 ? "SqueezeNet 1.0" : "SqueezeNet 1.1" }

  static func recognize(_ parameters: PyTorchParameters) -> Self? {
    let fires = parameters.indices(of: "features.", suffix: ".squeeze.weight")
    guard fires.count >= 2, parameters.contains("classifier.1.weight"),
      let shape = parameters.shape("features.0.weight"), shape.count == 4
    else { return nil }
    return Self(fires: fires, inputChannels: shape[1], kernel: shape[2])
  }

  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = try network.convolution(input, "features.0", stride: 2, padding: 0)
    x = try network.relu(x, "features.1")
    var previous = 1
    for fire in fires {
      if fire > previous + 1 {
        x = try network.maxPool(x, "features.\(fire - 1)", kernel: 3, stride: 2, ceilMode: true)
      }
      previous = fire
      let name = "features.\(fire)"
      let squeezed = try network.relu(
        try network.convolution(x, name + ".squeeze"),
        name + ".squeeze_activation"
      )
      let small = try network.convolution(squeezed, name + ".expand1x1")
      let large = try network.convolution(squeezed, name + ".expand3x3")
      x = try network.concat(
        [
          try network.relu(small, name + ".expand1x1_activation"),
          try network.relu(large, name + ".expand3x3_activation"),
        ],
        name + ".cat"
      )
    }
    x = try network.relu(try network.convolution(x, "classifier.1"), "classifier.2")
    return try network.flatten(try network.globalPool(x, "classifier.3"), "flatten")
  }
}
