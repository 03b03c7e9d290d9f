/// Evaluates one convolution: patches of the input as rows of a matrix, times the weights, a group at a time.
///
/// A convolution of one tap and stride 1 multiplies the image as it is; others copy patches for a band of output rows, so
/// that memory is bounded and matrices are still large enough to be fast. Sums keep one order whatever the band.
struct ConvolutionEvaluator {
  /// Patch values that a band may hold: 4 MB.
  private static let bandValues = 1 << 20

  private let op: Convolution
  private let input: Tensor
  private let height: Int
  private let width: Int
  private let outputHeight: Int
  private let outputWidth: Int

  init(_ op: Convolution, input: Tensor) {
    self.op = op
    self.input = input
    (height, width) = (input.shape[1], input.shape[2])
    let window = Window(
      kernel: (op.kernelHeight, op.kernelWidth),
      stride: op.stride,
      dilation: op.dilation,
      padding: op.padding
    )
    let size = try? window.outputSize(height: height, width: width)
    (outputHeight, outputWidth) = size.map { ($0.height, $0.width) } ?? (0, 0)
  }

  func run(residual: Tensor?) -> Tensor {
    let count = outputHeight * outputWidth * op.outputChannels
    let values = [Float](unsafeUninitializedCapacity: count) { output, initialized in
      output.initialize(repeating: 0)
      input.values.withUnsafeBufferPointer { source in
        op.weights.values.withUnsafeBufferPointer { weights in
          if op.isDepthwise {
            depthwise(source, into: output)
          } else if isPointwise {
            multiply(source, rows: outputHeight * outputWidth, weights, group: 0, into: output)
          } else {
            grouped(source, weights, into: output)
          }
        }
      }
      finish(output, residual: residual)
      initialized = count
    }
    return Tensor(shape: [1, outputHeight, outputWidth, op.outputChannels], values: values)
  }

  private var isPointwise: Bool {
    op.groups == 1 && op.kernelHeight == 1 && op.kernelWidth == 1 && op.stride == (1, 1)
      && op.padding == Padding()
  }

  /// Adds bias and residual, then clamps.
  @_optimize(speed)
  private func finish(_ output: UnsafeMutableBufferPointer<Float>, residual: Tensor?) {
    let channels = op.outputChannels
    let (low, high) = (op.clamp.low, op.clamp.high)
    let clamps = op.clamp != .none
    guard let base = output.baseAddress else { return }
    op.bias.withUnsafeBufferPointer { bias in
      guard let bias = bias.baseAddress else { return }
      var row = base
      for _ in 0..<output.count / channels {
        for c in 0..<channels { row[c] += bias[c] }
        row += channels
      }
    }
    residual?.values.withUnsafeBufferPointer { residual in
      guard let residual = residual.baseAddress else { return }
      for index in 0..<output.count { base[index] += residual[index] }
    }
    guard clamps else { return }
    for index in 0..<output.count { base[index] = min(max(base[index], low), high) }
  }

  /// Adds `patches` (rows × depth) times the group's transposed weights to the group's channels of `output`.
  private func multiply(
    _ patches: UnsafeBufferPointer<Float>,
    rows: Int,
    _ weights: UnsafeBufferPointer<Float>,
    group: Int,
    into output: UnsafeMutableBufferPointer<Float>
  ) {
    let outputs = op.outputChannels / op.groups
    let depth = op.weights.count / op.outputChannels
    matrixMultiply(
      rows: rows,
      columns: outputs,
      depth: depth,
      patches,
      strideA: depth,
      UnsafeBufferPointer(rebasing: weights[(group * outputs * depth)...]),
      strideB: depth,
      transposeB: true,
      into: UnsafeMutableBufferPointer(rebasing: output[(group * outputs)...]),
      strideC: op.outputChannels
    )
  }

  private func grouped(
    _ source: UnsafeBufferPointer<Float>,
    _ weights: UnsafeBufferPointer<Float>,
    into output: UnsafeMutableBufferPointer<Float>
  ) {
    let depth = op.weights.count / op.outputChannels
    let rowValues = outputWidth * depth
    let band = min(outputHeight, max(1, Self.bandValues / max(1, rowValues)))
    withUnsafeTemporaryAllocation(of: Float.self, capacity: band * rowValues) { patches in
      for group in 0..<op.groups {
        for start in stride(from: 0, to: outputHeight, by: band) {
          let rows = start..<min(start + band, outputHeight)
          for y in rows {
            copyPatches(
              source,
              row: y,
              group: group,
              into: UnsafeMutableBufferPointer(rebasing: patches[((y - start) * rowValues)...])
            )
          }
          multiply(
            UnsafeBufferPointer(patches),
            rows: rows.count * outputWidth,
            weights,
            group: group,
            into: UnsafeMutableBufferPointer(
              rebasing: output[(start * outputWidth * op.outputChannels)...]
            )
          )
        }
      }
    }
  }

  /// Where tap `tap` of an output coordinate reads, or nil in the padding.
  private func inputIndex(
    _ output: Int,
    _ tap: Int,
    stride: Int,
    dilation: Int,
    padding: Int,
    extent: Int
  ) -> Int? {
    let index = output * stride - padding + tap * dilation
    return index >= 0 && index < extent ? index : nil
  }

  private func row(_ y: Int, _ tap: Int) -> Int? {
    inputIndex(
      y,
      tap,
      stride: op.stride.y,
      dilation: op.dilation.y,
      padding: op.padding.top,
      extent: height
    )
  }

  private func column(_ x: Int, _ tap: Int) -> Int? {
    inputIndex(
      x,
      tap,
      stride: op.stride.x,
      dilation: op.dilation.x,
      padding: op.padding.left,
      extent: width
    )
  }

  private func copyPatches(
    _ source: UnsafeBufferPointer<Float>,
    row y: Int,
    group: Int,
    into patches: UnsafeMutableBufferPointer<Float>
  ) {
    let inputs = op.weights.shape[3]
    let channels = op.inputChannels
    var target = 0
    for x in 0..<outputWidth {
      for ky in 0..<op.kernelHeight {
        let iy = row(y, ky)
        for kx in 0..<op.kernelWidth {
          if let iy, let ix = column(x, kx) {
            let from = (iy * width + ix) * channels + group * inputs
            for c in 0..<inputs { patches[target + c] = source[from + c] }
          } else {
            for c in 0..<inputs { patches[target + c] = paddingValue(group * inputs + c) }
          }
          target += inputs
        }
      }
    }
  }

  private func depthwise(
    _ source: UnsafeBufferPointer<Float>,
    into output: UnsafeMutableBufferPointer<Float>
  ) {
    let channels = op.outputChannels
    let taps = op.kernelHeight * op.kernelWidth
    let byTap = op.weights.reshaped([channels, taps]).transposed([1, 0]).values
    let padding = op.paddingValues
    byTap.withUnsafeBufferPointer { weights in
      padding.withUnsafeBufferPointer { padding in
        guard let output = output.baseAddress, let source = source.baseAddress,
          let weights = weights.baseAddress
        else { return }
        for y in 0..<outputHeight {
          for x in 0..<outputWidth {
            let target = output + (y * outputWidth + x) * channels
            for ky in 0..<op.kernelHeight {
              let iy = row(y, ky)
              for kx in 0..<op.kernelWidth {
                let tap = weights + (ky * op.kernelWidth + kx) * channels
                if let iy, let ix = column(x, kx) {
                  Self.multiplyAdd(source + (iy * width + ix) * channels, tap, channels, to: target)
                } else if !padding.isEmpty, let padding = padding.baseAddress {
                  Self.multiplyAdd(padding, tap, channels, to: target)
                }
              }
            }
          }
        }
      }
    }
  }

  /// `target[c] += a[c] × b[c]`, eight at a time; the sums are those of a plain loop.
  @_optimize(speed)
  @inline(__always)
  private static func multiplyAdd(
    _ a: UnsafePointer<Float>,
    _ b: UnsafePointer<Float>,
    _ count: Int,
    to target: UnsafeMutablePointer<Float>
  ) {
    typealias Eight = SIMD8<Float>
    var c = 0
    while c &+ 8 <= count {
      let x = UnsafeRawPointer(a + c).loadUnaligned(as: Eight.self)
      let y = UnsafeRawPointer(b + c).loadUnaligned(as: Eight.self)
      let place = UnsafeMutableRawPointer(target + c)
      let sum = place.loadUnaligned(as: Eight.self) + x * y
      place.storeBytes(of: sum, as: Eight.self)
      c &+= 8
    }
    while c < count {
      target[c] += a[c] * b[c]
      c &+= 1
    }
  }

  private func paddingValue(_ channel: Int) -> Float {
    op.paddingValues.isEmpty ? 0 : op.paddingValues[channel]
  }
}
