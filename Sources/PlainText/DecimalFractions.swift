/// Floating-point numbers in decimal: a few places for people, not the shortest text that gives the same bits.
extension TextBuilder {
  /// Appends `value` rounded to `decimals` (at most 9) places, half away from zero; 10¹² and more as `d.ddddddde+xx`.
  ///
  /// `trimmed` drops zeros at the end of the fraction, but for the first.
  @inline(never)
  public mutating func append(_ value: Double, decimals: Int, trimmed: Bool = false) {
    guard value == value else { return append("nan") }
    let size = value.magnitude
    guard size < 1e12 else {
      if value < 0 { append("-") }
      return size < .infinity ? append(scientific: size) : append("inf")
    }
    // 10⁹ × 10⁹ fits UInt64, and so does 10¹² × 10⁶; no caller asks for more places of such a value.
    let places = size < 1e9 ? decimals : min(decimals, 6)
    var scale: UInt64 = 1
    for _ in 0..<places { scale *= 10 }
    let units = UInt64(size * Double(scale) + 0.5)
    if value < 0 && units != 0 { append("-") }
    append(units / scale)
    guard places > 0 else { return }
    var fraction = units % scale
    var digits = places
    while trimmed && digits > 1 && fraction % 10 == 0 {
      fraction /= 10
      digits -= 1
    }
    append(".")
    append(fraction, radix: 10, digits: digits)
  }

  /// Appends `value` with up to nine places and one at least; below 10⁻⁴ and from 10¹² on as `d.ddddddde-xx`.
  @inline(never)
  public mutating func append(_ value: Float) {
    guard value.magnitude < 1e-4 && value != 0 else {
      return append(Double(value), decimals: 9, trimmed: true)
    }
    if value < 0 { append("-") }
    append(scientific: Double(value.magnitude))
  }

  /// Appends a positive finite number as a digit, seven places and an exponent.
  private mutating func append(scientific size: Double) {
    var mantissa = size
    var exponent = 0
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    while mantissa < 1 {
      mantissa *= 10
      exponent -= 1
    }
    append(min(mantissa, 9.9999999), decimals: 7)
    append(exponent < 0 ? "e-" : "e+")
    append(UInt64(exponent.magnitude))
  }
}
