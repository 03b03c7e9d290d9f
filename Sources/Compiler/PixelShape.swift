/// Height, width and channels of a value: a graph's shape without its batch.
struct PixelShape: Equatable, Sendable {
  var height: Int
  var width: Int
  var channels: Int

  init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// `[1, H, W, C]`, `[1, W, C]`, `[1, C]` or `[C]`; nil for other ranks and batches.
  init?(_ shape: [Int]) {
    switch shape.count {
    case 4 where shape[0] == 1: self.init(height: shape[1], width: shape[2], channels: shape[3])
    case 3 where shape[0] == 1: self.init(height: 1, width: shape[1], channels: shape[2])
    case 2 where shape[0] == 1: self.init(height: 1, width: 1, channels: shape[1])
    case 1: self.init(height: 1, width: 1, channels: shape[0])
    case 0: self.init(height: 1, width: 1, channels: 1)
    default: return nil
    }
  }

  var elementCount: Int { height * width * channels }
  var isPixel: Bool { height == 1 && width == 1 }
}
