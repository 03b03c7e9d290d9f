public import ModelFormat
public import Quantization
internal import TextTables

/// How images become what a network sees.
public struct ComparedInput: Sendable, CustomStringConvertible {
  /// How they are fitted.
  public var contract: InputContract
  /// What is made of the pixels; nil where that is not known.
  public var map: PixelMap?

  /// Images fitted by a contract, and pixels mapped.
  public init(_ contract: InputContract, _ map: PixelMap?) {
    (self.contract, self.map) = (contract, map)
  }

  /// `crop of 88 %, antialiased, mean 0, std 255`.
  public var description: String {
    var parts = [
      "\(contract.resize) of \(fixed(Double(contract.cropFraction) * 100, 0)) %",
      "\(contract.filter)",
    ]
    if let map { parts.append("\(map)") }
    return parts.joined(separator: ", ")
  }
}
