internal import GraphIR
internal import ModelFormat

extension CalibrationImages {
  /// Made-up images for where there are no real ones: smooth seeded noise with edges, in pixels 0…255.
  ///
  /// Each image is a sum of random values on grids of 2, 4, 8, 16 and 32 cells, interpolated bilinearly and weighted by cell size
  /// as in natural images, shifted and stretched at random. They reach the usual brightness and contrast, not the shapes that
  /// make deep layers respond: ranges deep in a network come out too small.
  public static func synthetic(count: Int, shape: [Int]) -> CalibrationImages {
    CalibrationImages(count: count, isSynthetic: true) { index in
      SyntheticImage(shape: shape, seed: UInt64(index) &+ 1).tensor
    }
  }
}

extension CalibrationImages {
  /// Made-up images of two kinds in turn, for where there are no real ones: smooth noise, and shapes that lie over one another.
  public static func madeUp(count: Int, shape: [Int]) -> CalibrationImages {
    CalibrationImages(count: count, isSynthetic: true) { index in
      let seed = UInt64(index / 2) &+ 1
      return index % 2 == 0
        ? SyntheticImage(shape: shape, seed: seed).tensor
        : FallenLeaves(shape: shape, seed: seed).tensor
    }
  }
}

/// One made-up image.
private struct SyntheticImage {
  let tensor: Tensor

  init(shape: [Int], seed: UInt64) {
    var random = SeededNumbers(seed: seed)
    let (height, width, channels) = (shape[1], shape[2], shape[3])
    var values = [Float](repeating: 0, count: height * width * channels)
    let contrast = 30 + 50 * random.next()
    let brightness = 80 + 96 * random.next()
    for cells in [2, 4, 8, 16, 32] {
      let weight = contrast * 1.4 / Float(cells).squareRoot()
      let side = cells + 1
      // Channels of natural images go together: half of each grid is common to all.
      let common = (0..<side * side).map { _ in random.next() * 2 - 1 }
      for channel in 0..<channels {
        let grid = common.map { $0 + (random.next() - 0.5) }
        for y in 0..<height {
          let gy = Float(y) / Float(max(1, height - 1)) * Float(cells)
          let top = min(Int(gy), cells - 1)
          for x in 0..<width {
            let gx = Float(x) / Float(max(1, width - 1)) * Float(cells)
            let left = min(Int(gx), cells - 1)
            let (fy, fx) = (gy - Float(top), gx - Float(left))
            let corner = top * side + left
            let upper = grid[corner] * (1 - fx) + grid[corner + 1] * fx
            let lower = grid[corner + side] * (1 - fx) + grid[corner + side + 1] * fx
            values[(y * width + x) * channels + channel] += weight * (upper * (1 - fy) + lower * fy)
          }
        }
      }
    }
    tensor = Tensor(
      shape: shape,
      values: values.map { min(max(($0 + brightness).rounded(), 0), 255) }
    )
  }
}

/// SplitMix64 as numbers in 0..<1, the same on every machine.
struct SeededNumbers {
  private var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  mutating func next() -> Float { Float(generator.next() >> 40) / Float(1 << 24) }
}
