internal import CKernels
internal import PlainText

/// A set of the inner loops of `PixelPlan`: one of the C sets that this CPU runs, or the portable Swift loops.
///
/// All sets give the same bits.
public struct PixelKernels: @unchecked Sendable {
  /// The functions, nil for the portable ones.
  private let functions: ck_pixel_kernels?

  /// The definition: plain loops in Swift, on every machine.
  public static let portable = PixelKernels(functions: nil)

  /// The best set of this CPU.
  public static var best: PixelKernels {
    PixelKernels(functions: ck_pixel_kernels_at(0)?.pointee)
  }

  /// All sets that this build has and this CPU runs, best first, `portable` last.
  public static var available: [PixelKernels] {
    var sets: [PixelKernels] = []
    while let set = ck_pixel_kernels_at(sets.count) {
      sets.append(PixelKernels(functions: set.pointee))
    }
    return sets + [.portable]
  }

  /// The name, as `KernelSet` has it.
  public var name: String {
    guard let functions else { return TextBuilder("portable").string }
    return TextBuilder(cString: functions.name).string
  }

  /// Of which the places for weights in `dot` are a multiple.
  var multiple: Int { functions.map { Int($0.multiple) } ?? 1 }

  /// As `PortablePixelKernels.blend`.
  func blend(
    _ rows: UnsafePointer<UnsafePointer<UInt8>?>,
    _ weights: UnsafePointer<Int16>,
    _ taps: Int,
    _ out: UnsafeMutablePointer<Int16>,
    _ count: Int
  ) {
    guard let functions else {
      return PortablePixelKernels.blend(rows, weights, taps, out, count)
    }
    functions.blend_u8(rows, weights, taps, out, count)
  }

  /// As `PortablePixelKernels.split`.
  func split(
    _ samples: UnsafePointer<Int16>,
    _ even: UnsafeMutablePointer<Int16>,
    _ odd: UnsafeMutablePointer<Int16>,
    _ count: Int
  ) {
    guard let functions else { return PortablePixelKernels.split(samples, even, odd, count) }
    functions.split_s16(samples, even, odd, count)
  }

  /// As `PortablePixelKernels.dot`.
  func dot(
    _ samples: UnsafePointer<Int16>,
    _ starts: UnsafePointer<Int32>,
    _ weights: UnsafePointer<Int16>,
    _ stride: Int,
    _ out: UnsafeMutablePointer<Int16>,
    _ count: Int
  ) {
    guard let functions else {
      return PortablePixelKernels.dot(samples, starts, weights, stride, out, count)
    }
    functions.dot_s16(samples, starts, weights, stride, out, count)
  }

  /// As `PortablePixelKernels.color`.
  func color(
    _ luma: UnsafePointer<Int16>,
    _ blue: UnsafePointer<Int16>,
    _ red: UnsafePointer<Int16>,
    _ c: ColorEncoding.Coefficients,
    _ out: UnsafeMutablePointer<UInt32>,
    _ count: Int
  ) {
    guard let functions else {
      return PortablePixelKernels.color(luma, blue, red, c, out, count)
    }
    var color = ck_color(
      black: c.black,
      luma: c.luma,
      red_of_red: c.redOfRed,
      green_of_blue: c.greenOfBlue,
      green_of_red: c.greenOfRed,
      blue_of_blue: c.blueOfBlue
    )
    functions.color_s16(luma, blue, red, &color, out, count)
  }
}
