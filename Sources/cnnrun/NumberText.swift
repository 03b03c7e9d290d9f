/// Numbers as text, without Foundation.
enum NumberText {
  /// `value` rounded to `decimals` (at most 9) places, half away from zero; values of 10¹² and more as `d.ddddddde+xx`.
  static func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value == value else { return "nan" }
    let sign = value < 0 ? "-" : ""
    let size = abs(value)
    guard size < .infinity else { return sign + "inf" }
    guard size < 1e12 else { return sign + scientific(size) }
    var scale: UInt64 = 1
    for _ in 0..<decimals { scale *= 10 }
    // Below 10²¹ only in theory: 10¹² × 10⁶ fits UInt64, and no caller asks for more places of such a value.
    let places = min(decimals, 6)
    if places < decimals, size >= 1e9 { return fixed(value, places) }
    let units = UInt64(size * Double(scale) + 0.5)
    var text = (units == 0 ? "" : sign) + String(units / scale)
    if decimals > 0 {
      let fraction = String(units % scale)
      text += "." + String(repeating: "0", count: decimals - fraction.utf8.count) + fraction
    }
    return text
  }

  /// `fixed` without closing zeros, but with one place at least; `null` for what JSON has no number for.
  static func json(_ value: Double, _ decimals: Int) -> String {
    guard value - value == 0 else { return "null" }
    var bytes = Array(fixed(value, decimals).utf8)
    guard !bytes.contains(0x65) else { return String(decoding: bytes, as: UTF8.self) }
    while bytes.count > 2, bytes[bytes.count - 1] == 0x30, bytes[bytes.count - 2] != 0x2E {
      bytes.removeLast()
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func scientific(_ size: Double) -> String {
    var mantissa = size
    var exponent = 0
    while mantissa >= 10 {
      mantissa /= 10
      exponent += 1
    }
    return fixed(min(mantissa, 9.9999999), 7) + "e+" + String(exponent)
  }
}
