internal import CKernels

/// The kernels of rows of pixels.
extension PortableKernels {
  @_optimize(speed)
  static func maximum(_ windows: ck_windows) {
    for pixel in 0..<windows.pixels {
      for channel in 0..<windows.channels {
        var best: UInt8 = 0
        for y in 0..<windows.height {
          for x in 0..<windows.width {
            let at = pixel * windows.stride + x * windows.step + channel
            best = max(best, windows.rows[y]?[at] ?? 0)
          }
        }
        windows.output[pixel * windows.output_step + channel] = best
      }
    }
  }

  @_optimize(speed)
  static func scale(_ scaling: ck_scaling) {
    for pixel in 0..<scaling.pixels {
      let input = scaling.input + pixel * scaling.input_step
      let output = scaling.output + pixel * scaling.output_step
      for channel in 0..<scaling.channels {
        let value = Int32(input[channel]) - scaling.input_zero_point
        let product = value * (Int32(scaling.factors[channel]) - scaling.factor_zero_point)
        output[channel] = quantize(
          Float(product) * scaling.multiplier,
          scaling.zero_point,
          scaling.low,
          scaling.high
        )
      }
    }
  }
}
