internal import PlainText

/// Height, width and channels in one number, so that shapes are compared and reported like numbers.
///
/// Each is below 2²¹: at most 65536, and as much padding.
struct Shape: Equatable, Reportable {
  static var style: Finding.Style { .shape }
  let bits: UInt64

  init(bits: UInt64) { self.bits = bits }

  init(_ height: Int, _ width: Int, _ channels: Int) {
    bits = UInt64(height) << 42 | UInt64(width) << 21 | UInt64(channels)
  }

  init(_ tensor: TensorRecord) { self.init(tensor.height, tensor.width, tensor.channels) }

  /// Appends `h × w × c`; an extent of 0 at the end is left out.
  func append(to text: inout TextBuilder) {
    for shift: UInt64 in [42, 21, 0] {
      let extent = bits >> shift & 0x1F_FFFF
      if shift < 42 && extent == 0 { continue }
      if shift < 42 { text.append(" × ") }
      text.append(extent)
    }
  }
}
