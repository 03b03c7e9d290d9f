public import GraphIR

/// Images to calibrate with, loaded one at a time and as often as needed, so that none is kept.
public struct CalibrationImages: Sendable {
  /// How many there are.
  public var count: Int
  /// The pixels of image `index`, the graph's input shape, values 0…255; called from several threads.
  public var load: @Sendable (_ index: Int) throws -> Tensor
  /// What image `index` is called in messages: its file, or its number.
  public var name: @Sendable (_ index: Int) -> String
  /// Whether the images are made up, because there are no real ones.
  public var isSynthetic: Bool

  /// A set of `count` images.
  public init(
    count: Int,
    isSynthetic: Bool = false,
    name: @escaping @Sendable (_ index: Int) -> String = { "\($0)" },
    load: @escaping @Sendable (_ index: Int) throws -> Tensor
  ) {
    self.count = count
    self.isSynthetic = isSynthetic
    self.name = name
    self.load = load
  }
}
