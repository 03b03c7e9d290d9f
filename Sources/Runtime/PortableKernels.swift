internal import CKernels

/// The micro-kernels of `ckernels.h` as the plainest loops: what every other set is compared with.
enum PortableKernels {
  private static let name: StaticString = "portable"

  static var table: ck_kernels {
    ck_kernels(
      name: UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self),
      tile: 4,
      depthwise_tile: 4,
      conv_u8: { tile, epilogue in
        guard let tile, let epilogue else { return }
        PortableKernels.convolution(tile.pointee) { pixel, channel, sum in
          let output = tile.pointee.output[pixel]?.assumingMemoryBound(to: UInt8.self)
          output?[channel] = PortableKernels.finish(sum, channel, pixel, epilogue.pointee)
        }
      },
      conv_f32: { tile, epilogue in
        guard let tile, let epilogue else { return }
        PortableKernels.convolution(tile.pointee) { pixel, channel, sum in
          let output = tile.pointee.output[pixel]?.assumingMemoryBound(to: Float.self)
          let total = epilogue.pointee.bias[channel] &+ sum
          output?[channel] = Float(total) * epilogue.pointee.multiplier[channel]
        }
      },
      widen: nil,
      conv_run: nil,
      widen_run: nil,
      bytes: nil,
      conv_color: nil,
      color_weights: nil,
      depthwise: { tile, epilogue in
        guard let tile, let epilogue else { return }
        PortableKernels.depthwise(tile.pointee, epilogue.pointee)
      },
      depthwise_rows: { call, epilogue in
        guard let call, let epilogue else { return }
        PortableKernels.depthwise(call.pointee, epilogue.pointee)
      },
      winograd_u8: nil,
      max_u8: { input, taps, output, count in
        guard let input, let output else { return }
        for index in 0..<count {
          var best: UInt8 = 0
          for tap in 0..<taps { best = max(best, input[tap]?[index] ?? 0) }
          output[index] = best
        }
      },
      sum_u8: { input, taps, sum, count in
        guard let input, let sum else { return }
        for index in 0..<count {
          for tap in 0..<taps { sum[index] &+= Int32(input[tap]?[index] ?? 0) }
        }
      },
      add_u8: { a, za, ma, b, zb, mb, zo, low, high, output, count in
        guard let a, let b, let output else { return }
        for index in 0..<count {
          let first = Float(Int32(a[index]) - za) * ma
          let second = Float(Int32(b[index]) - zb) * mb
          output[index] = PortableKernels.quantize(first + second, zo, low, high)
        }
      },
      multiply_u8: { a, za, b, zb, m, zo, low, high, output, count in
        guard let a, let b, let output else { return }
        for index in 0..<count {
          let product = (Int32(a[index]) - za) * (Int32(b[index]) - zb)
          output[index] = PortableKernels.quantize(Float(product) * m, zo, low, high)
        }
      },
      requantize: { sums, m, zo, low, high, output, count in
        guard let sums, let output else { return }
        for index in 0..<count {
          output[index] = PortableKernels.quantize(Float(sums[index]) * m, zo, low, high)
        }
      },
      lookup_u8: { table, input, output, count in
        guard let table, let input, let output else { return }
        for index in 0..<count { output[index] = table[Int(input[index])] }
      },
      max_rows_u8: { windows in
        if let windows { PortableKernels.maximum(windows.pointee) }
      },
      scale_u8: { scaling in
        if let scaling { PortableKernels.scale(scaling.pointee) }
      },
      interleave_u8: { a, b, step, output, outputStep, pixels, count in
        guard let a, let b, let output else { return }
        for pixel in 0..<pixels {
          for index in 0..<count {
            output[pixel * outputStep + index] =
              (index % 2 == 0 ? a : b)[pixel * step + index / 2]
          }
        }
      }
    )
  }

  /// `clamp(roundTiesToEven(value) + zeroPoint, low, high)`.
  ///
  /// The bounds are integers, so clamping before the rounding gives the same. After it |value| ≤ 255, and adding 1.5 × 2²³
  /// leaves no fraction bits: the sum is rounded to an integer, ties to even, by the addition itself.
  @_optimize(speed)
  static func quantize(_ value: Float, _ zeroPoint: Int32, _ low: Int32, _ high: Int32) -> UInt8 {
    let (least, most) = (Float(low - zeroPoint), Float(high - zeroPoint))
    let clamped = value < least ? least : (value > most ? most : value)
    let rounded = (clamped + 12_582_912) - 12_582_912
    return UInt8(truncatingIfNeeded: Int32(rounded) + zeroPoint)
  }

  @_optimize(speed)
  private static func finish(
    _ sum: Int32,
    _ channel: Int,
    _ pixel: Int,
    _ epilogue: ck_epilogue
  ) -> UInt8 {
    var value = Float(epilogue.bias[channel] &+ sum) * epilogue.multiplier[channel]
    if let residual = epilogue.residual?[pixel] {
      let difference = Int32(residual[channel]) - epilogue.residual_zero_point
      value += Float(difference) * epilogue.residual_multiplier
    }
    return quantize(value, epilogue.zero_point, epilogue.low, epilogue.high)
  }

  @_optimize(speed)
  private static func convolution(
    _ tile: ck_conv_tile,
    _ store: (_ pixel: Int, _ channel: Int, _ sum: Int32) -> Void
  ) {
    let steps = tile.taps * tile.k4
    for pixel in 0..<tile.pixels {
      for channel in 0..<tile.channels {
        var sum: Int32 = 0
        for tap in 0..<tile.taps {
          guard let input = tile.input[tap * tile.pixels + pixel] else { continue }
          for index in 0..<4 * tile.k4 {
            let step = (channel / 16) * steps + tap * tile.k4 + index / 4
            let weight = tile.weights[(step * 16 + channel % 16) * 4 + index % 4]
            sum &+= Int32(input[index]) * Int32(weight)
          }
        }
        store(pixel, channel, sum)
      }
    }
  }

  @_optimize(speed)
  private static func depthwise(_ tile: ck_depthwise_tile, _ epilogue: ck_epilogue) {
    let steps = (tile.taps + 3) / 4
    for pixel in 0..<tile.pixels {
      for channel in 0..<tile.channels {
        var sum: Int32 = 0
        for tap in 0..<tile.taps {
          guard let input = tile.input[tap * tile.pixels + pixel] else { continue }
          let step = (channel / 16) * steps + tap / 4
          let weight = tile.weights[(step * 16 + channel % 16) * 4 + tap % 4]
          sum &+= Int32(input[channel]) * Int32(weight)
        }
        tile.output[pixel]?[channel] = finish(sum, channel, pixel, epilogue)
      }
    }
  }

  @_optimize(speed)
  private static func depthwise(_ call: ck_depthwise_rows, _ epilogue: ck_epilogue) {
    let (rows, size) = (Int(CK_ROWS), call.kernel)
    let inputRows = ((call.rows + rows - 1) / rows * rows - 1) * call.stride + size
    let steps = (size * size + 3) / 4
    for pixel in 0..<call.rows * call.width {
      let (y, x) = (pixel / call.width, pixel % call.width)
      let window = call.input + (x * call.stride * inputRows + y * call.stride)
      let output = call.output + (y * call.row_bytes + x * call.pixel_bytes)
      for channel in 0..<call.channels {
        var sum: Int32 = 0
        for tap in 0..<size * size {
          guard let input = window[tap % size * inputRows + tap / size] else { continue }
          let step = (channel / 16) * steps + tap / 4
          let weight = call.weights[(step * 16 + channel % 16) * 4 + tap % 4]
          sum &+= Int32(input[channel]) * Int32(weight)
        }
        output[channel] = finish(sum, channel, 0, epilogue)
      }
    }
  }
}
