internal import ModelFormat

/// Probabilities from float32 logits: FORMAT.md, kind 10.
///
/// `m = max x`; `y = e(x − m) ÷ Σ e(x − m)`, the sum in channel order, with `e` as in `exponential`.
struct Softmax {
  private let input: TensorView
  private let output: TensorView

  init(_ plan: Plan, _ record: OperatorRecord) {
    input = plan.view(record.input)
    output = plan.view(record.output)
  }

  @_optimize(speed)
  func run(_ share: Share) {
    for pixel in share.range(output.pixels) {
      let (from, to) = (input.floats(pixel), output.floats(pixel))
      var largest = from[0]
      for channel in 1..<max(1, output.channels) where from[channel] > largest {
        largest = from[channel]
      }
      var sum: Float = 0
      for channel in 0..<output.channels {
        let value = Self.exponential(from[channel] - largest)
        to[channel] = value
        sum += value
      }
      for channel in 0..<output.channels { to[channel] /= sum }
    }
  }

  /// e to the power of x ≤ 0, within 1.5 × 10⁻⁷ of it, and 0 below −64 (or for NaN).
  ///
  /// Only single IEEE-754 binary32 additions, subtractions and multiplications, so the bits are the same on every machine:
  /// `x = n × ln 2 + r` with n the nearest integer to x ÷ ln 2, then `eˣ = 2ⁿ × eʳ`. ln 2 is split: its high part has 9
  /// significant bits and |n| ≤ 93 has 7, so `n × high` is exact, and so is its subtraction from x (Sterbenz, the two are
  /// within a factor of two, or r is small and both are multiples of one ulp). `eʳ` on |r| ≤ 0.3466 is its Taylor series to
  /// r⁷, whose remainder is below 0.3466⁸ ÷ 8! × 1.42 < 8 × 10⁻⁹; the last steps of Horner's rule add about one ulp, 1.2 ×
  /// 10⁻⁷. The cut at −64 keeps quotients by a sum of up to 65536 terms normal numbers: flushing to zero has no say.
  @_optimize(speed)
  static func exponential(_ x: Float) -> Float {
    guard x >= -64 else { return 0 }
    // Adding 1.5 × 2²³ rounds to an integer, ties to even.
    let n = (x * 1.442_695_04 + 12_582_912) - 12_582_912
    let r = (x - n * 0.693_359_375) - n * -2.121_944_4e-4
    var series: Float = 1.984_126_98e-4
    series = series * r + 1.388_888_9e-3
    series = series * r + 8.333_333_3e-3
    series = series * r + 4.166_666_6e-2
    series = series * r + 1.666_666_7e-1
    series = series * r + 0.5
    series = series * r + 1
    series = series * r + 1
    return series * Float(bitPattern: UInt32(bitPattern: (Int32(n) + 127) << 23))
  }
}
