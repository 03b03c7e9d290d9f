import CKernels

/// The functions of `ckernels.h` by FORMAT.md, "Numbers", with the standard library's rounding of doubles: what the portable
/// loops are compared with, which all other sets are compared with.
enum KernelDefinition {
  /// `clamp(roundTiesToEven(t) + zeroPoint, low, high)`.
  private static func byte(_ t: Float, _ zeroPoint: Int32, _ low: Int32, _ high: Int32) -> UInt8 {
    let integer = Double(t).rounded(.toNearestOrEven) + Double(zeroPoint)
    return UInt8(min(max(integer, Double(low)), Double(high)))
  }

  private static func byte(_ sum: Int, _ n: Int, _ p: Int, _ e: ck_epilogue) -> UInt8 {
    var t = Float(Int32(sum)) * e.multiplier[n]
    if let residual = e.residual?[p] {
      t += Float(Int32(residual[n]) - e.residual_zero_point) * e.residual_multiplier
    }
    return byte(t, e.zero_point, e.low, e.high)
  }

  /// Input byte k of tap t meets weight `[n / 16][t × k4 + k / 4][n mod 16][k mod 4]`.
  private static func sum(_ tile: ck_conv_tile, _ bias: Int32, _ p: Int, _ n: Int) -> Int {
    (0..<tile.taps).reduce(Int(bias)) { sum, t in
      (0..<4 * tile.k4).reduce(sum) { sum, k in
        let block = n / 16 * tile.taps * tile.k4
        let weight = tile.weights[(block + t * tile.k4 + k / 4) * 64 + n % 16 * 4 + k % 4]
        return sum + Int(tile.input[t * tile.pixels + p]?[k] ?? 0) * Int(weight)
      }
    }
  }

  /// Tap t meets weight `[n / 16][t / 4][n mod 16][t mod 4]`.
  private static func sum(_ tile: ck_depthwise_tile, _ bias: Int32, _ p: Int, _ n: Int) -> Int {
    (0..<tile.taps).reduce(Int(bias)) { sum, t in
      let block = n / 16 * ((tile.taps + 3) / 4)
      let weight = tile.weights[(block + t / 4) * 64 + n % 16 * 4 + t % 4]
      return sum + Int(tile.input[t * tile.pixels + p]?[n] ?? 0) * Int(weight)
    }
  }

  /// Row ky and column kx of the window of pixel (y, x) meet weight `[n / 16][t / 4][n mod 16][t mod 4]`, t = ky × kernel + kx.
  private static func sum(_ call: ck_depthwise_rows, _ bias: Int32, _ y: Int, _ x: Int, _ n: Int)
    -> Int
  {
    let (size, pair) = (call.kernel, Int(CK_ROWS))
    let inputRows = ((call.rows + pair - 1) / pair * pair - 1) * call.stride + size
    return (0..<size * size).reduce(Int(bias)) { sum, t in
      let (row, column) = (y * call.stride + t / size, x * call.stride + t % size)
      let block = n / 16 * ((size * size + 3) / 4)
      let weight = call.weights[(block + t / 4) * 64 + n % 16 * 4 + t % 4]
      return sum + Int(call.input[column * inputRows + row]?[n] ?? 0) * Int(weight)
    }
  }

  static var functions: ck_kernels {
    ck_kernels(
      name: nil,
      tile: Int(CK_MAX_TILE),
      depthwise_tile: Int(CK_MAX_TILE),
      conv_u8: { tile, epilogue in
        guard let tile = tile?.pointee, let e = epilogue?.pointee else { return }
        for p in 0..<tile.pixels {
          let output = tile.output[p]?.assumingMemoryBound(to: UInt8.self)
          for n in 0..<tile.channels {
            output?[n] = KernelDefinition.byte(KernelDefinition.sum(tile, e.bias[n], p, n), n, p, e)
          }
        }
      },
      conv_f32: { tile, epilogue in
        guard let tile = tile?.pointee, let e = epilogue?.pointee else { return }
        for p in 0..<tile.pixels {
          let output = tile.output[p]?.assumingMemoryBound(to: Float.self)
          for n in 0..<tile.channels {
            output?[n] = Float(Int32(KernelDefinition.sum(tile, e.bias[n], p, n))) * e.multiplier[n]
          }
        }
      },
      widen: nil,
      conv_run: nil,
      widen_run: nil,
      bytes: nil,
      conv_color: nil,
      color_weights: nil,
      depthwise: { tile, epilogue in
        guard let tile = tile?.pointee, let e = epilogue?.pointee else { return }
        for p in 0..<tile.pixels {
          for n in 0..<tile.channels {
            tile.output[p]?[n] = KernelDefinition.byte(
              KernelDefinition.sum(tile, e.bias[n], p, n),
              n,
              p,
              e
            )
          }
        }
      },
      depthwise_rows: { call, epilogue in
        guard let call = call?.pointee, let e = epilogue?.pointee else { return }
        for y in 0..<call.rows {
          for x in 0..<call.width {
            let output = call.output + (y * call.row_bytes + x * call.pixel_bytes)
            for n in 0..<call.channels {
              let sum = KernelDefinition.sum(call, e.bias[n], y, x, n)
              output[n] = KernelDefinition.byte(sum, n, 0, e)
            }
          }
        }
      },
      winograd_u8: nil,
      max_u8: { input, taps, output, count in
        for i in 0..<count { output?[i] = (0..<taps).compactMap { input?[$0]?[i] }.max() ?? 0 }
      },
      sum_u8: { input, taps, sums, count in
        for i in 0..<count { sums?[i] += (0..<taps).reduce(0) { $0 + Int32(input?[$1]?[i] ?? 0) } }
      },
      add_u8: { a, za, ma, b, zb, mb, zo, low, high, output, count in
        guard let a, let b else { return }
        for i in 0..<count {
          let (x, y) = (Float(Int32(a[i]) - za) * ma, Float(Int32(b[i]) - zb) * mb)
          output?[i] = KernelDefinition.byte(x + y, zo, low, high)
        }
      },
      multiply_u8: { a, za, b, zb, m, zo, low, high, output, count in
        guard let a, let b else { return }
        for i in 0..<count {
          output?[i] = KernelDefinition.byte(
            Float((Int32(a[i]) - za) * (Int32(b[i]) - zb)) * m,
            zo,
            low,
            high
          )
        }
      },
      requantize: { sums, m, zo, low, high, output, count in
        guard let sums else { return }
        for i in 0..<count { output?[i] = KernelDefinition.byte(Float(sums[i]) * m, zo, low, high) }
      },
      lookup_u8: { table, input, output, count in
        guard let table, let input else { return }
        for i in 0..<count { output?[i] = table[Int(input[i])] }
      },
      max_rows_u8: { windows in
        guard let w = windows?.pointee else { return }
        for p in 0..<w.pixels {
          for i in 0..<w.channels {
            let taps = (0..<w.height).flatMap { t in
              (0..<w.width).compactMap { w.rows[t]?[p * w.stride + $0 * w.step + i] }
            }
            w.output[p * w.output_step + i] = taps.max() ?? 0
          }
        }
      },
      scale_u8: { scaling in
        guard let s = scaling?.pointee else { return }
        for p in 0..<s.pixels {
          for i in 0..<s.channels {
            let factor = Int32(s.factors[i]) - s.factor_zero_point
            let product = (Int32(s.input[p * s.input_step + i]) - s.input_zero_point) * factor
            s.output[p * s.output_step + i] = KernelDefinition.byte(
              Float(product) * s.multiplier,
              s.zero_point,
              s.low,
              s.high
            )
          }
        }
      },
      interleave_u8: { a, b, step, output, outputStep, pixels, count in
        guard let a, let b else { return }
        for i in 0..<pixels * count {
          let (p, c) = (i / count, i % count)
          output?[p * outputStep + c] = [a, b][c % 2][p * step + c / 2]
        }
      }
    )
  }
}
