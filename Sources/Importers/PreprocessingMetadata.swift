public import ModelFormat

/// Preprocessing as a flat file's metadata states it.
extension Preprocessing {
  private static let meanKey = "preprocessing.mean"
  private static let stdKey = "preprocessing.std"
  private static let colorKey = "preprocessing.color"

  /// What a flat file states; nil where it states none, or what are no numbers.
  public init?(statedBy file: ModelFile) {
    guard let mean = file.metadata(Self.meanKey).flatMap(Self.numbers),
      let std = file.metadata(Self.stdKey).flatMap(Self.numbers)
    else { return nil }
    self.init(mean: mean, std: std, color: file.metadata(Self.colorKey).flatMap(ColorOrder.init))
  }

  /// The pairs to write into a flat file whose input has `channels` channels.
  public func metadata(channels: Int) -> [String: String] {
    [
      Self.meanKey: mean.map { "\($0)" }.joined(separator: ","),
      Self.stdKey: std.map { "\($0)" }.joined(separator: ","),
      Self.colorKey: (color ?? (channels == 1 ? .gray : .rgb)).rawValue,
    ]
  }

  /// Numbers with commas between them; nil where one is none.
  public static func numbers(_ text: String) -> [Float]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let values = parts.compactMap { Float($0) }
    return values.count == parts.count ? values : nil
  }
}
