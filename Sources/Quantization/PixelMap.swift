/// How pixels 0…255 become what a network eats: `(pixel − mean) ÷ std` a channel, in the network's order of channels.
public struct PixelMap: Sendable, Equatable, CustomStringConvertible {
  /// Subtracted, in pixel units; one value, or one a channel.
  public var mean: [Float]
  /// Divided by, in pixel units; one value, or one a channel.
  public var std: [Float]
  /// Whether the network's first channel is blue.
  public var isBGR: Bool

  /// A map of pixels.
  public init(mean: [Float], std: [Float], isBGR: Bool = false) {
    (self.mean, self.std, self.isBGR) = (mean, std, isBGR)
  }

  /// `mean 127.5, std 127.5` or `mean 104,117,123, std 1, BGR`.
  public var description: String {
    func list(_ values: [Float]) -> String {
      values.map { $0 == $0.rounded() && abs($0) < 1e6 ? "\(Int($0))" : "\($0)" }
        .joined(separator: ",")
    }
    return "mean \(list(mean)), std \(list(std))\(isBGR ? ", BGR" : "")"
  }

  private func mean(_ channel: Int) -> Float { mean[mean.count == 1 ? 0 : channel] }
  private func std(_ channel: Int) -> Float { std[std.count == 1 ? 0 : channel] }

  /// Whether there is a value a channel, and none divides by zero.
  func fits(_ channels: Int) -> Bool {
    [1, channels].contains(mean.count) && [1, channels].contains(std.count)
      && (!isBGR || channels == 3) && (mean + std).allSatisfy(\.isFinite)
      && std.allSatisfy { $0 != 0 }
  }

  /// What a network of `channels` channels sees of pixels, red first.
  public func values(_ pixels: [Float], channels: Int) -> [Float] {
    pixels.indices.map { index in
      let channel = index % channels
      let source = isBGR ? index - channel + channels - 1 - channel : index
      return (pixels[source] - mean(channel)) / std(channel)
    }
  }

  /// The pixels that this map makes of what a network sees.
  func pixels(_ values: [Float], channels: Int) -> [Float] {
    values.indices.map { index in
      let channel = index % channels
      let place = isBGR ? channels - 1 - channel : channel
      return values[index - channel + place] * std(place) + mean(place)
    }
  }

  /// The same with red and blue exchanged: another order of channels, with their means.
  var exchanged: PixelMap { PixelMap(mean: mean, std: std, isBGR: !isBGR) }
}
