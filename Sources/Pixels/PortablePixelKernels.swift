/// The inner loops of `PlanarScaler`: their definition, and what runs where no vector set does.
enum PortablePixelKernels {
  /// `out[i] = (Σ rows[t][i] × weights[t] + 128) >> 8`: levels in 2⁻⁶, as the weights are in 2⁻¹⁴ and sum to one.
  @_optimize(speed)
  static func blend(
    _ rows: UnsafePointer<UnsafePointer<UInt8>?>,
    _ weights: UnsafePointer<Int16>,
    _ taps: Int,
    _ out: UnsafeMutablePointer<Int16>,
    _ count: Int
  ) {
    for index in 0..<count {
      var sum: Int32 = 128
      for tap in 0..<taps {
        guard let row = rows[tap] else { continue }
        sum &+= Int32(row[index]) &* Int32(weights[tap])
      }
      out[index] = Int16(truncatingIfNeeded: sum >> 8)
    }
  }

  /// `even[i] = samples[2 × i]`, `odd[i] = samples[2 × i + 1]`.
  @_optimize(speed)
  static func split(
    _ samples: UnsafePointer<Int16>,
    _ even: UnsafeMutablePointer<Int16>,
    _ odd: UnsafeMutablePointer<Int16>,
    _ count: Int
  ) {
    for index in 0..<count {
      even[index] = samples[2 &* index]
      odd[index] = samples[2 &* index &+ 1]
    }
  }

  /// `out[i] = (Σ samples[starts[i] + t] × weights[i × stride + t] + 8192) >> 14` over t below `stride`.
  @_optimize(speed)
  static func dot(
    _ samples: UnsafePointer<Int16>,
    _ starts: UnsafePointer<Int32>,
    _ weights: UnsafePointer<Int16>,
    _ stride: Int,
    _ out: UnsafeMutablePointer<Int16>,
    _ count: Int
  ) {
    for index in 0..<count {
      let from = samples + Int(starts[index])
      let shares = weights + index &* stride
      var sum: Int32 = 8192
      for tap in 0..<stride { sum &+= Int32(from[tap]) &* Int32(shares[tap]) }
      out[index] = Int16(truncatingIfNeeded: sum >> 14)
    }
  }

  /// Light of luma and differences in 2⁻⁶ levels, as `ColorEncoding` defines it: a pixel is 0x00BBGGRR.
  @_optimize(speed)
  static func color(
    _ luma: UnsafePointer<Int16>,
    _ blue: UnsafePointer<Int16>,
    _ red: UnsafePointer<Int16>,
    _ c: ColorEncoding.Coefficients,
    _ out: UnsafeMutablePointer<UInt32>,
    _ count: Int
  ) {
    for index in 0..<count {
      // At most 16,320 × 9,539 + 8,192 × 17,305 < 2³¹.
      let light = (Int32(luma[index]) &- c.black &* 64) &* c.luma &+ 1 << 18
      let u = Int32(blue[index]) &- 128 &* 64
      let v = Int32(red[index]) &- 128 &* 64
      let r = level(light &+ v &* c.redOfRed)
      let g = level(light &- u &* c.greenOfBlue &- v &* c.greenOfRed)
      let b = level(light &+ u &* c.blueOfBlue)
      out[index] = r | g << 8 | b << 16
    }
  }

  /// Light of luma alone, as `color` has it where there is no difference.
  @_optimize(speed)
  static func grey(
    _ luma: UnsafePointer<Int16>,
    _ c: ColorEncoding.Coefficients,
    _ out: UnsafeMutablePointer<UInt32>,
    _ count: Int
  ) {
    for index in 0..<count {
      out[index] = level((Int32(luma[index]) &- c.black &* 64) &* c.luma &+ 1 << 18)
    }
  }

  private static func level(_ sum: Int32) -> UInt32 {
    UInt32(truncatingIfNeeded: min(max(sum >> 19, 0), 255))
  }
}
