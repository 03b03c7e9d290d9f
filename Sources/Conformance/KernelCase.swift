/// One call of a kernel, as a failure names it.
package struct KernelCase: Sendable {
  enum Operands {
    case layer(KernelLayer.Shape, pixels: Int, channels: Int, KernelLayer.Output)
    case rows(RowCases.Call)
    case color(ColorCases.Call)
    case winograd(WinogradLayer.Shape, channels: Int, hasResidual: Bool)
    case elements(seed: UInt64, length: Int, taps: Int, variant: Int)
    case pixelRows(seed: UInt64, channels: Int, pixels: Int)
  }

  let operation: KernelOperation
  let operands: Operands

  /// Function, seed and sizes.
  package var text: String {
    switch operands {
    case .layer(let shape, let pixels, let channels, let output):
      let sizes = "\(shape.text), pixels \(pixels), channels \(channels)"
      return operation.name + ": " + sizes + (output == .bytesWithResidual ? ", residual" : "")
    case .rows(let call): return operation.name + ": " + call.text
    case .color(let call): return operation.name + ": " + call.text
    case .winograd(let shape, let channels, let hasResidual):
      let sizes = "\(shape.text), channels \(channels)"
      return operation.name + ": " + sizes + (hasResidual ? ", residual" : "")
    case .elements(let seed, let length, let taps, let variant):
      let sizes = "seed \(seed), length \(length), variant \(variant)"
      return operation.name + ": " + sizes + (taps == 0 ? "" : ", taps \(taps)")
    case .pixelRows(let seed, let channels, let pixels):
      return operation.name + ": seed \(seed), channels \(channels), pixels \(pixels)"
    }
  }
}
