package import CKernels
package import Runtime

/// A function of `ckernels.h`.
package enum KernelOperation: CaseIterable, Sendable {
  case convolution
  case floatConvolution
  case run
  case byteRun
  case color
  case depthwise
  case depthwiseRows
  case winograd
  case maximum
  case sum
  case addition
  case multiplication
  case requantization
  case lookup
  case maximumOfRows
  case scaling
  case interleaving

  /// The function's name in C.
  package var name: String {
    switch self {
    case .convolution: "conv_u8"
    case .floatConvolution: "conv_f32"
    case .run: "conv_run"
    case .byteRun: "conv_run by plan_run"
    case .color: "conv_color"
    case .depthwise: "depthwise"
    case .depthwiseRows: "depthwise_rows"
    case .winograd: "winograd_u8"
    case .maximum: "max_u8"
    case .sum: "sum_u8"
    case .addition: "add_u8"
    case .multiplication: "multiply_u8"
    case .requantization: "requantize"
    case .lookup: "lookup_u8"
    case .maximumOfRows: "max_rows_u8"
    case .scaling: "scale_u8"
    case .interleaving: "interleave_u8"
    }
  }

  /// Compares `kernels` with `oracle` byte by byte over all cases of this function, until one differs; a set
  /// without a function has no cases of it.
  ///
  /// Reading past what `ckernels.h` allows ends the process by a fault: `willRun` is called before each case to remember it.
  ///
  /// - Throws: `RuntimeError.resources` where the system has no memory.
  package func check(
    _ kernels: ck_kernels,
    against oracle: ck_kernels = KernelSet.portable.functions,
    willRun: (KernelCase) -> Void = { _ in }
  ) throws(RuntimeError) -> KernelCheck {
    switch self {
    case .convolution, .floatConvolution, .depthwise:
      var cases = LayerCases(operation: self, kernels: kernels, oracle: oracle)
      return try cases.run(willRun)
    case .depthwiseRows:
      var cases = RowCases(kernels: kernels, oracle: oracle)
      return try cases.run(willRun)
    case .winograd:
      var cases = WinogradCases(kernels: kernels, oracle: oracle)
      return try cases.run(willRun)
    case .run, .byteRun:
      var cases = RunCases(operation: self, kernels: kernels, oracle: oracle)
      return try cases.run(willRun)
    case .color:
      var cases = ColorCases(kernels: kernels, oracle: oracle)
      return try cases.run(willRun)
    case .maximum, .sum, .addition, .multiplication, .requantization, .lookup:
      var cases = ElementCases(operation: self, kernels: kernels, oracle: oracle)
      return try cases.run(willRun)
    case .maximumOfRows, .scaling, .interleaving:
      var cases = PixelRowCases(operation: self, kernels: kernels, oracle: oracle)
      return try cases.run(willRun)
    }
  }
}

/// What came of comparing one function.
package struct KernelCheck: Sendable {
  /// Cases compared, the one that differed included.
  package var cases = 0
  /// The first difference, one line: function, case, place, found and expected value.
  package var failure: String?
}
