internal import GraphIR

/// EfficientNet B0 … B7 and V2 as torchvision has them (Tan and Le 2019, https://arxiv.org/abs/1905.11946, and 2021,
/// https://arxiv.org/abs/2104.00298).
///
/// The batch normalizations of B5 to B7 and V2 have ε = 0.001, the others the default.
struct TorchEfficientNet: PyTorchArchitecture {
  let stages: Int
  let isSecondVersion: Bool
  let lastChannels: Int
  let firstDepth: Int
  let inputChannels: Int

  private var variant: Int {
    switch lastChannels {
    case 1280: firstDepth == 1 ? 0 : 1
    case 1408: 2
    case 1536: 3
    case 1792: 4
    case 2048: 5
    case 2304: 6
    default: 7
    }
  }
  var name: String { isSecondVersion ? "EfficientNetV2" : "EfficientNet B\(variant)" }
  var inputSize: (height: Int, width: Int) {
    let size = isSecondVersion ? 384 : [224, 240, 288, 300, 380, 456, 528, 600][variant]
    return (size, size)
  }
  private var epsilon: Float { isSecondVersion || variant >= 5 ? 1e-3 : 1e-5 }
  private var strides: [Int] {
    [1, 2, 2, 2, 1, 2, 1]
  }

  static func recognize(_ parameters: PyTorchParameters) -> Self? {
    var stages = 0
    while parameters.contains("features.\(stages + 1).0.block.0.0.weight") { stages += 1 }
    guard stages == 6 || stages == 7,
      let channels = parameters.extent("features.0.0.weight", 1),
      let last = parameters.extent("features.\(stages + 1).0.weight"),
      parameters.contains("classifier.1.weight")
    else { return nil }
    // V2 starts with whole convolutions where the first version starts depthwise.
    let narrow = parameters.extent("features.1.0.block.0.0.weight", 1) ?? 1
    return Self(
      stages: stages,
      isSecondVersion: narrow > 1,
      lastChannels: last,
      firstDepth: parameters.count(of: "features.1."),
      inputChannels: channels
    )
  }

  func build(
    _ network: inout PyTorchNetwork,
    _ input: PyTorchNetwork.Value
  ) throws(ImportError) -> PyTorchNetwork.Value {
    var x = try network.block(
      input,
      "features.0.0",
      "features.0.1",
      stride: 2,
      epsilon: epsilon,
      .silu
    )
    for stage in 1...stages {
      for index in 0..<network.parameters.count(of: "features.\(stage).") {
        x = try TorchMobileNetV3.invertedResidual(
          &network,
          x,
          "features.\(stage).\(index)",
          stride: index == 0 ? strides[stage - 1] : 1,
          epsilon: epsilon,
          .silu,
          inner: .silu,
          gate: .sigmoid
        )
      }
    }
    let last = "features.\(stages + 1)"
    x = try network.block(x, last + ".0", last + ".1", epsilon: epsilon, .silu)
    return try network.linear(try network.globalPool(x, "avgpool"), "classifier.1")
  }
}
