extension GraphText {
  /// The graph's parameters under the names that its text takes them by, in PyTorch's layouts: convolutions
  /// `[O, C ÷ groups, KH, KW]`, linear layers `[O, K]` over the flattened image in the order C, H, W.
  public var parameters: [String: Tensor] {
    var parameters: [String: Tensor] = [:]
    for (id, tensor) in graph.constants {
      let isImage = tensor.shape.count == 4
      parameters["\(name(id)).value"] = isImage ? tensor.transposed([0, 3, 1, 2]) : tensor
    }
    for node in graph.nodes {
      let name = name(node.output)
      func vector(_ values: [Float]) -> Tensor { Tensor(shape: [values.count], values: values) }
      switch node.operation {
      case .convolution(let op):
        parameters["\(name).weight"] = op.weights.transposed([0, 3, 1, 2])
        parameters["\(name).bias"] = vector(op.bias)
        if !op.paddingValues.isEmpty { parameters["\(name).padding"] = vector(op.paddingValues) }
      case .fullyConnected(let op):
        parameters["\(name).weight"] = channelsFirstColumns(op.weights, input: node.inputs[0])
        parameters["\(name).bias"] = vector(op.bias)
      case .channelAffine(let op):
        parameters["\(name).weight"] = vector(op.scale)
        parameters["\(name).bias"] = vector(op.bias)
      case .parametricReLU(let op): parameters["\(name).weight"] = vector(op.slope)
      default: break
      }
    }
    return parameters
  }

  /// A linear layer reads its input as it is stored; its text reads an image in the order C, H, W.
  private func channelsFirstColumns(_ weights: Tensor, input: ValueID) -> Tensor {
    let shape = graph.shape(of: input)
    guard shape.count == 4 else { return weights }
    return weights.reshaped([weights.shape[0]] + shape[1...]).transposed([0, 3, 1, 2])
      .reshaped(weights.shape)
  }
}
