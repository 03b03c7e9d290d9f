internal import GraphIR
internal import ModelFormat

/// A made-up image of discs and boxes that lie over one another, pixels 0…255.
///
/// Sizes follow `p(r) ∝ r⁻³`, the law that makes such pictures look alike at every scale, as natural ones do (Lee, Mumford and Huang
/// 2001, "Occlusion Models for Natural Images", https://doi.org/10.1023/A:1011109015675). Every third one is black and white, which is
/// what drawings and digits are.
struct FallenLeaves {
  let tensor: Tensor

  init(shape: [Int], seed: UInt64) {
    var random = SeededNumbers(seed: seed &* 0x5851_F42D_4C95_7F2D)
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    let isDrawing = seed % 3 == 0
    let contrast = 0.5 + 0.5 * random.next()
    let side = Float(max(height, width))
    let (least, most) = (max(1, side / 48), max(2, side / 3))
    var values = [Float](repeating: 0, count: height * width * channels)
    let ground = Self.color(channels, isDrawing, contrast, &random)
    for index in values.indices { values[index] = ground[index % channels] }
    for _ in 0..<(isDrawing ? 12 : 400) {
      let u = random.next()
      let radius = 1 / (u / (least * least) + (1 - u) / (most * most)).squareRoot()
      let color = Self.color(channels, isDrawing, contrast, &random)
      let (cy, cx) = (random.next() * Float(height), random.next() * Float(width))
      let isDisc = random.next() < 0.5
      let aspect = 0.3 + 0.7 * random.next()
      let (ry, rx) = random.next() < 0.5 ? (radius, radius * aspect) : (radius * aspect, radius)
      let shade = isDrawing ? 0 : (random.next() - 0.5) * 60
      for y in max(0, Int(cy - ry))..<min(height, Int(cy + ry) + 1) {
        for x in max(0, Int(cx - rx))..<min(width, Int(cx + rx) + 1) {
          let (dy, dx) = ((Float(y) - cy) / ry, (Float(x) - cx) / rx)
          guard !isDisc || dy * dy + dx * dx <= 1 else { continue }
          for channel in 0..<channels {
            values[(y * width + x) * channels + channel] = color[channel] + shade * dy
          }
        }
      }
    }
    let grain = isDrawing ? 0 : 16 * random.next()
    for index in values.indices {
      let value = values[index] + grain * (random.next() - 0.5)
      values[index] = min(max(value.rounded(), 0), 255)
    }
    tensor = Tensor(shape: shape, values: values)
  }

  /// A colour whose channels go together, or black or white.
  private static func color(
    _ channels: Int,
    _ isDrawing: Bool,
    _ contrast: Float,
    _ random: inout SeededNumbers
  ) -> [Float] {
    if isDrawing {
      return [Float](repeating: random.next() < 0.5 ? 0 : 255, count: channels)
    }
    let common = 128 + 255 * contrast * (random.next() - 0.5)
    return (0..<channels).map { _ in common + 80 * contrast * (random.next() - 0.5) }
  }
}
