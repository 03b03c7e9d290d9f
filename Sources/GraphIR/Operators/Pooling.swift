/// A pooling window over `[1, H, W, C]`.
public struct Pooling: Sendable, Equatable {
  /// Taps, step and padding.
  public var window: Window
  /// Whether padded taps count in an average's divisor.
  public var countIncludesPadding: Bool

  /// A window; `countIncludesPadding` matters to averages alone.
  public init(window: Window, countIncludesPadding: Bool = false) {
    self.window = window
    self.countIncludesPadding = countIncludesPadding
  }

  func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, inputs[0].count == 4 else {
      throw GraphError("inputs \(inputs), expected one image [1, H, W, C]")
    }
    let size = try window.outputSize(height: inputs[0][1], width: inputs[0][2])
    return [1, size.height, size.width, inputs[0][3]]
  }

  /// The pooled image: every output pixel starts at `initial`, takes in the pixels of its window that exist, and is
  /// finished with the number of taps that exist and of those inside the padded input.
  func evaluate(
    _ input: Tensor,
    initial: Float,
    combine: (inout Float, Float) -> Void,
    finish: (_ value: inout Float, _ taps: Int, _ paddedTaps: Int) -> Void
  ) -> Tensor {
    let (height, width, channels) = (input.shape[1], input.shape[2], input.shape[3])
    guard let size = try? window.outputSize(height: height, width: width) else { return input }
    var output = Tensor(shape: [1, size.height, size.width, channels], repeating: initial)
    output.values.withUnsafeMutableBufferPointer { output in
      input.values.withUnsafeBufferPointer { source in
        for y in 0..<size.height {
          for x in 0..<size.width {
            let pixel = (y * size.width + x) * channels
            var taps = 0
            var paddedTaps = 0
            for ky in 0..<window.kernel.y {
              let iy = y * window.stride.y - window.padding.top + ky * window.dilation.y
              guard iy < height + window.padding.bottom else { continue }
              for kx in 0..<window.kernel.x {
                let ix = x * window.stride.x - window.padding.left + kx * window.dilation.x
                guard ix < width + window.padding.right else { continue }
                paddedTaps += 1
                guard (0..<height).contains(iy), (0..<width).contains(ix) else { continue }
                taps += 1
                let from = (iy * width + ix) * channels
                for c in 0..<channels { combine(&output[pixel + c], source[from + c]) }
              }
            }
            for c in 0..<channels { finish(&output[pixel + c], taps, paddedTaps) }
          }
        }
      }
    }
    return output
  }
}

/// Maximum over the taps that exist.
public struct MaxPooling: GraphOperator {
  /// The window.
  public var window: Pooling

  /// The text-dump name.
  public var mnemonic: String { "maxpool" }
  /// Values are selected, not computed.
  public var quantizationRule: QuantizationRule { .sameAsInput }

  /// `[1, Ho, Wo, C]`.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    try window.outputShape(inputs)
  }

  /// −infinity where a window holds no pixel.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    window.evaluate(
      inputs[0],
      initial: -.infinity,
      combine: { $0 = max($0, $1) },
      finish: { _, _, _ in }
    )
  }
}

/// Mean over the taps that exist, or over those inside the padded input.
public struct AveragePooling: GraphOperator {
  /// The window.
  public var window: Pooling

  /// The text-dump name.
  public var mnemonic: String { "avgpool" }

  /// `[1, Ho, Wo, C]`.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    try window.outputShape(inputs)
  }

  /// 0 where a window holds no pixel.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    window.evaluate(
      inputs[0],
      initial: 0,
      combine: { $0 += $1 },
      finish: { value, taps, paddedTaps in
        value /= Float(max(1, window.countIncludesPadding ? paddedTaps : taps))
      }
    )
  }
}

extension Window: Equatable {
  /// Compares every field.
  public static func == (a: Window, b: Window) -> Bool {
    a.kernel == b.kernel && a.stride == b.stride && a.dilation == b.dilation
      && a.padding == b.padding && a.ceilMode == b.ceilMode
  }
}
