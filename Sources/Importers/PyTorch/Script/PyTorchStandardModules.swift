internal import Containers
internal import GraphIR

/// The modules of `torch.nn`, from their attributes.
extension PyTorchInterpreter {
  /// The result of a module whose class is PyTorch's own.
  mutating func standard(
    _ module: PyTorchModule,
    _ input: PyTorchScriptValue
  ) throws(ImportError) -> PyTorchScriptValue {
    switch module.shortClassName {
    case "Sequential", "DataParallel", "DistributedDataParallel": return try chain(module, input)
    case "Dropout", "Dropout2d", "AlphaDropout", "FeatureAlphaDropout", "Identity": return input
    case "Conv2d":
      let mode = try setting("padding_mode", of: module)
      if case .string(let text) = mode, text != "zeros" {
        unsupported.append(
          UnsupportedOperator(type: "Conv2d", node: module.name, detail: "padding mode \(text)")
        )
      }
      return try call(
        "conv2d",
        module,
        [input],
        ["weight", "bias", "stride", "padding", "dilation", "groups"]
      )
    case "Linear":
      return try call("linear", module, [input], ["weight", "bias"])
    case "BatchNorm2d", "BatchNorm1d", "SyncBatchNorm":
      _ = try? network.take(module.name + ".num_batches_tracked")
      return try operate(
        "batch_norm",
        [
          input, try setting("weight", of: module), try setting("bias", of: module),
          try setting("running_mean", of: module), try setting("running_var", of: module),
          .bool(false), .float(0.1), try setting("eps", of: module),
        ],
        [:]
      )
    case "MaxPool2d":
      return try call(
        "max_pool2d",
        module,
        [input],
        ["kernel_size", "stride", "padding", "dilation", "ceil_mode"]
      )
    case "AvgPool2d":
      return try call(
        "avg_pool2d",
        module,
        [input],
        [
          "kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override",
        ]
      )
    case "AdaptiveAvgPool2d":
      return try call("adaptive_avg_pool2d", module, [input], ["output_size"])
    case "Flatten":
      let start = try setting("start_dim", of: module).int ?? 1
      let end = try setting("end_dim", of: module).int ?? -1
      return try operate("flatten", [input, .int(start), .int(end)], [:])
    case "Softmax", "Softmax2d":
      return try operate("softmax", [input, try setting("dim", of: module)], [:])
    case "LogSoftmax":
      return try operate("log_softmax", [input, try setting("dim", of: module)], [:])
    case "LeakyReLU": return try call("leaky_relu", module, [input], ["negative_slope"])
    case "ELU": return try call("elu", module, [input], ["alpha"])
    case "Hardtanh": return try call("hardtanh", module, [input], ["min_val", "max_val"])
    case "PReLU": return try call("prelu", module, [input], ["weight"])
    case "ZeroPad2d": return try call("pad", module, [input], ["padding"])
    case "ChannelShuffle": return try call("channel_shuffle", module, [input], ["groups"])
    case "ReLU", "ReLU6", "SELU", "Sigmoid", "Hardsigmoid", "Hardswish", "SiLU", "GELU", "Mish",
      "Tanh", "Softplus",
      "Softsign":
      return try operate(module.shortClassName.lowercased(), [input], [:])
    default:
      unsupported.append(UnsupportedOperator(type: module.shortClassName, node: module.name))
      return input
    }
  }

  /// Calls an operator with attributes of the module as arguments.
  private mutating func call(
    _ operation: String,
    _ module: PyTorchModule,
    _ inputs: [PyTorchScriptValue],
    _ attributes: [String]
  ) throws(ImportError) -> PyTorchScriptValue {
    var arguments = inputs
    for attribute in attributes { arguments.append(try setting(attribute, of: module)) }
    return try operate(operation, arguments, [:])
  }

  /// An attribute, None where it is absent.
  private mutating func setting(
    _ name: String,
    of module: PyTorchModule
  ) throws(ImportError) -> PyTorchScriptValue {
    let value = try attribute(name, of: module)
    switch value {
    case .method, .name: return .none
    default: return value
    }
  }
}
