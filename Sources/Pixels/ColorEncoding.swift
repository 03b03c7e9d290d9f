/// What luma and colour differences mean: which weights red and blue have in luma, and which bytes are black and white.
///
/// With luma y, blue difference u and red difference v in levels, and the coefficients of `coefficients` in units of 2⁻¹³:
/// `red = (luma × (y − black) + redOfRed × (v − 128)) ÷ 2¹³`,
/// `green = (luma × (y − black) − greenOfBlue × (u − 128) − greenOfRed × (v − 128)) ÷ 2¹³`,
/// `blue = (luma × (y − black) + blueOfBlue × (u − 128)) ÷ 2¹³`, halves rounded up, to 0…255.
public struct ColorEncoding: Sendable, Equatable {
  /// Weights of red and blue in luma.
  public enum Matrix: Sendable, CaseIterable {
    /// ITU-R BT.601: 0.299 and 0.114. JPEG, and cameras unless they say otherwise.
    case bt601
    /// ITU-R BT.709: 0.2126 and 0.0722.
    case bt709
  }

  /// Which bytes are black and white.
  public enum Range: Sendable, CaseIterable {
    /// Luma 16…235, differences 16…240.
    case limited
    /// Luma 0…255, differences 1…255.
    case full
  }

  /// Weights of red and blue in luma.
  public var matrix: Matrix
  /// Which bytes are black and white.
  public var range: Range

  /// An encoding.
  public init(matrix: Matrix, range: Range) {
    self.matrix = matrix
    self.range = range
  }

  /// What V4L2 cameras give unless they say otherwise: BT.601, limited.
  public static let camera = ColorEncoding(matrix: .bt601, range: .limited)
  /// What JPEG images have: BT.601, full.
  public static let jpeg = ColorEncoding(matrix: .bt601, range: .full)

  /// Integers of the conversion.
  struct Coefficients: Equatable {
    /// Luma of black.
    var black: Int32
    /// Levels of light a level of luma, in 2⁻¹³.
    var luma: Int32
    /// Red a level of red difference: with Kr and Kb the weights above and Kg the rest, 2 (1 − Kr), in 2⁻¹³.
    var redOfRed: Int32
    /// What green loses a level of blue difference: 2 Kb (1 − Kb) ÷ Kg, in 2⁻¹³.
    var greenOfBlue: Int32
    /// What green loses a level of red difference: 2 Kr (1 − Kr) ÷ Kg, in 2⁻¹³.
    var greenOfRed: Int32
    /// Blue a level of blue difference: 2 (1 − Kb), in 2⁻¹³.
    var blueOfBlue: Int32
  }

  /// The coefficients, rounded to the nearest; a limited range makes luma 255 ÷ 219 and the others 255 ÷ 224 of a full one's.
  var coefficients: Coefficients {
    switch (matrix, range) {
    case (.bt601, .full):
      Coefficients(
        black: 0,
        luma: 8192,
        redOfRed: 11_485,
        greenOfBlue: 2819,
        greenOfRed: 5850,
        blueOfBlue: 14_516
      )
    case (.bt601, .limited):
      Coefficients(
        black: 16,
        luma: 9539,
        redOfRed: 13_075,
        greenOfBlue: 3209,
        greenOfRed: 6660,
        blueOfBlue: 16_525
      )
    case (.bt709, .full):
      Coefficients(
        black: 0,
        luma: 8192,
        redOfRed: 12_901,
        greenOfBlue: 1535,
        greenOfRed: 3835,
        blueOfBlue: 15_201
      )
    case (.bt709, .limited):
      Coefficients(
        black: 16,
        luma: 9539,
        redOfRed: 14_686,
        greenOfBlue: 1747,
        greenOfRed: 4366,
        blueOfBlue: 17_305
      )
    }
  }
}
