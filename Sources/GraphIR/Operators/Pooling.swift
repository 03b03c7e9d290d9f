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

  /// The pooled values as an image.
  func image(_ values: [Float], of input: [Int]) -> Tensor {
    let shape = (try? outputShape([input])) ?? [1, 1, values.count / input[3], input[3]]
    return Tensor(shape: shape, values: values)
  }

  /// Calls `body` with every output pixel's index, the input pixels of its window that exist, and the number of taps
  /// inside the padded input.
  func forEachWindow(
    _ input: [Int],
    _ body: (_ outputPixel: Int, _ inputPixels: [Int], _ paddedTaps: Int) -> Void
  ) {
    guard let size = try? window.outputSize(height: input[1], width: input[2]) else { return }
    let (height, width) = (input[1], input[2])
    for y in 0..<size.height {
      for x in 0..<size.width {
        var pixels: [Int] = []
        var padded = 0
        for ky in 0..<window.kernel.y {
          let iy = y * window.stride.y - window.padding.top + ky * window.dilation.y
          guard iy < height + window.padding.bottom else { continue }
          for kx in 0..<window.kernel.x {
            let ix = x * window.stride.x - window.padding.left + kx * window.dilation.x
            guard ix < width + window.padding.right else { continue }
            padded += 1
            if (0..<height).contains(iy), (0..<width).contains(ix) {
              pixels.append(iy * width + ix)
            }
          }
        }
        body(y * size.width + x, pixels, padded)
      }
    }
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
    let channels = inputs[0].shape[3]
    var values: [Float] = []
    window.forEachWindow(inputs[0].shape) { _, pixels, _ in
      for channel in 0..<channels {
        var best = -Float.infinity
        for pixel in pixels { best = max(best, inputs[0].values[pixel * channels + channel]) }
        values.append(best)
      }
    }
    return window.image(values, of: inputs[0].shape)
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
    let channels = inputs[0].shape[3]
    var values: [Float] = []
    window.forEachWindow(inputs[0].shape) { _, pixels, padded in
      let divisor = Float(max(1, window.countIncludesPadding ? padded : pixels.count))
      for channel in 0..<channels {
        var sum: Float = 0
        for pixel in pixels { sum += inputs[0].values[pixel * channels + channel] }
        values.append(sum / divisor)
      }
    }
    return window.image(values, of: inputs[0].shape)
  }
}

extension Window: Equatable {
  /// Compares every field.
  public static func == (a: Window, b: Window) -> Bool {
    a.kernel == b.kernel && a.stride == b.stride && a.dilation == b.dilation
      && a.padding == b.padding && a.ceilMode == b.ceilMode
  }
}
