/// A change of height and width of `[1, H, W, C]`.
public struct Resize: GraphOperator {
  /// How an output coordinate maps to the input.
  public enum Coordinates: String, Sendable {
    /// `(o + ½) × scale − ½`.
    case halfPixel
    /// `o × scale`.
    case asymmetric
    /// `o × (in − 1) ÷ (out − 1)`.
    case alignCorners
  }

  /// Output rows.
  public var height: Int
  /// Output columns.
  public var width: Int
  /// Bilinear, else nearest (rounded down).
  public var isBilinear: Bool
  /// Coordinate rule.
  public var coordinates: Coordinates

  /// A resize to height × width.
  public init(height: Int, width: Int, isBilinear: Bool, coordinates: Coordinates) {
    self.height = height
    self.width = width
    self.isBilinear = isBilinear
    self.coordinates = coordinates
  }

  /// The text-dump name.
  public var mnemonic: String { "resize" }
  /// Values are moved, or mixed within their range.
  public var quantizationRule: QuantizationRule { .sameAsInput }

  /// `[1, height, width, C]`.
  public func outputShape(_ inputs: [[Int]]) throws(GraphError) -> [Int] {
    guard inputs.count == 1, inputs[0].count == 4 else {
      throw GraphError("inputs \(inputs), expected one image [1, H, W, C]")
    }
    return [1, height, width, inputs[0][3]]
  }

  private func source(_ index: Int, input: Int, output: Int) -> Float {
    switch coordinates {
    case .halfPixel: (Float(index) + 0.5) * Float(input) / Float(output) - 0.5
    case .asymmetric: Float(index) * Float(input) / Float(output)
    case .alignCorners: output == 1 ? 0 : Float(index) * Float(input - 1) / Float(output - 1)
    }
  }

  /// Samples outside the input read its edge.
  public func evaluate(_ inputs: [Tensor]) -> Tensor {
    let input = inputs[0]
    let (rows, columns, channels) = (input.shape[1], input.shape[2], input.shape[3])
    func value(_ y: Int, _ x: Int, _ c: Int) -> Float {
      let y = min(max(y, 0), rows - 1)
      let x = min(max(x, 0), columns - 1)
      return input.values[(y * columns + x) * channels + c]
    }
    var values: [Float] = []
    for oy in 0..<height {
      for ox in 0..<width {
        let y = source(oy, input: rows, output: height)
        let x = source(ox, input: columns, output: width)
        let nearest = isBilinear ? 0 : (coordinates == .halfPixel ? 0.5 : 0)
        let top = Int((y + Float(nearest)).rounded(.down))
        let left = Int((x + Float(nearest)).rounded(.down))
        for c in 0..<channels {
          guard isBilinear else {
            values.append(value(top, left, c))
            continue
          }
          let (fy, fx) = (y - Float(top), x - Float(left))
          let upper = value(top, left, c) * (1 - fx) + value(top, left + 1, c) * fx
          let lower = value(top + 1, left, c) * (1 - fx) + value(top + 1, left + 1, c) * fx
          values.append(upper * (1 - fy) + lower * fy)
        }
      }
    }
    return Tensor(shape: [1, height, width, channels], values: values)
  }
}
