/// Pixels of a decoded picture: height × width × 3 bytes, red, green, blue, rows top to bottom without gaps.
public struct Image: Sendable, Equatable {
  /// What a decoder met and worked around.
  public struct Warnings: OptionSet, Sendable {
    /// One bit a warning.
    public let rawValue: UInt32

    /// The warnings whose bits are set.
    public init(rawValue: UInt32) { self.rawValue = rawValue }

    /// The data ended early: later pixels are the decoder's guess.
    public static let truncated = Warnings(rawValue: 1)
    /// The decoder skipped or guessed something.
    public static let damaged = Warnings(rawValue: 2)
  }

  /// Rows, at least 1.
  public let height: Int
  /// Columns, at least 1.
  public let width: Int
  /// `height × width × 3` bytes; the first pixel's red comes first.
  public let rgb: [UInt8]
  /// What the decoder met and worked around.
  public let warnings: Warnings

  /// An image of `rgb`, whose count is `height × width × 3`.
  ///
  /// Traps if it is not, or if a side is below 1.
  public init(height: Int, width: Int, rgb: [UInt8], warnings: Warnings = []) {
    precondition(height >= 1 && width >= 1, "an image has at least one pixel")
    let (pixels, overflow) = height.multipliedReportingOverflow(by: width)
    precondition(!overflow && rgb.count % 3 == 0 && rgb.count / 3 == pixels, "three bytes a pixel")
    self.height = height
    self.width = width
    self.rgb = rgb
    self.warnings = warnings
  }
}
