/// Evaluates one convolution: patches of the input as rows of a matrix, times the weights, a group at a time.
struct ConvolutionEvaluator {
  private let op: Convolution
  private let input: Tensor
  private let outputHeight: Int
  private let outputWidth: Int

  init(_ op: Convolution, input: Tensor) {
    self.op = op
    self.input = input
    let window = Window(
      kernel: (op.kernelHeight, op.kernelWidth),
      stride: op.stride,
      dilation: op.dilation,
      padding: op.padding
    )
    let size = try? window.outputSize(height: input.shape[1], width: input.shape[2])
    (outputHeight, outputWidth) = size.map { ($0.height, $0.width) } ?? (0, 0)
  }

  func run(residual: Tensor?) -> Tensor {
    let channels = op.outputChannels
    var output = [Float](repeating: 0, count: outputHeight * outputWidth * channels)
    if op.isDepthwise { depthwise(&output) } else { grouped(&output) }
    for index in output.indices {
      var value = output[index] + op.bias[index % channels]
      if let residual { value += residual.values[index] }
      output[index] = min(max(value, op.clamp.low), op.clamp.high)
    }
    return Tensor(shape: [1, outputHeight, outputWidth, channels], values: output)
  }

  /// Calls `body` with every tap: output pixel, tap, and the input pixel or nil in the padding.
  private func forEachTap(row y: Int, _ body: (_ x: Int, _ tap: Int, _ pixel: Int?) -> Void) {
    let (height, width) = (input.shape[1], input.shape[2])
    for x in 0..<outputWidth {
      for ky in 0..<op.kernelHeight {
        let iy = y * op.stride.y - op.padding.top + ky * op.dilation.y
        for kx in 0..<op.kernelWidth {
          let ix = x * op.stride.x - op.padding.left + kx * op.dilation.x
          let inside = iy >= 0 && iy < height && ix >= 0 && ix < width
          body(x, ky * op.kernelWidth + kx, inside ? iy * width + ix : nil)
        }
      }
    }
  }

  private func grouped(_ output: inout [Float]) {
    let taps = op.kernelHeight * op.kernelWidth
    let inputs = op.weights.shape[3]
    let outputs = op.outputChannels / op.groups
    let channels = op.inputChannels
    let depth = taps * inputs
    var patches = [Float](repeating: 0, count: outputWidth * depth)
    for group in 0..<op.groups {
      for y in 0..<outputHeight {
        patches.withUnsafeMutableBufferPointer { patches in
          input.values.withUnsafeBufferPointer { source in
            forEachTap(row: y) { x, tap, pixel in
              let target = (x * taps + tap) * inputs
              for c in 0..<inputs {
                let channel = group * inputs + c
                patches[target + c] =
                  pixel.map { source[$0 * channels + channel] } ?? paddingValue(channel)
              }
            }
          }
        }
        patches.withUnsafeBufferPointer { a in
          op.weights.values.withUnsafeBufferPointer { b in
            output.withUnsafeMutableBufferPointer { c in
              matrixMultiply(
                rows: outputWidth,
                columns: outputs,
                depth: depth,
                a,
                strideA: depth,
                UnsafeBufferPointer(rebasing: b[(group * outputs * depth)...]),
                strideB: depth,
                transposeB: true,
                into: UnsafeMutableBufferPointer(
                  rebasing: c[(y * outputWidth * op.outputChannels + group * outputs)...]
                ),
                strideC: op.outputChannels
              )
            }
          }
        }
      }
    }
  }

  private func depthwise(_ output: inout [Float]) {
    let taps = op.kernelHeight * op.kernelWidth
    let channels = op.outputChannels
    let weights = op.weights.reshaped([channels, taps]).transposed([1, 0]).values
    output.withUnsafeMutableBufferPointer { output in
      input.values.withUnsafeBufferPointer { source in
        weights.withUnsafeBufferPointer { weights in
          for y in 0..<outputHeight {
            forEachTap(row: y) { x, tap, pixel in
              let target = (y * outputWidth + x) * channels
              if let pixel {
                for c in 0..<channels {
                  output[target + c] += source[pixel * channels + c] * weights[tap * channels + c]
                }
              } else if !op.paddingValues.isEmpty {
                for c in 0..<channels {
                  output[target + c] += op.paddingValues[c] * weights[tap * channels + c]
                }
              }
            }
          }
        }
      }
    }
  }

  private func paddingValue(_ channel: Int) -> Float {
    op.paddingValues.isEmpty ? 0 : op.paddingValues[channel]
  }
}
