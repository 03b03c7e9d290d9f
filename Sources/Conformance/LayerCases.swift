internal import CKernels
internal import Runtime

/// Convolutions of tiles: every number of pixels up to the tile with every number of channels, over all shapes.
struct LayerCases {
  /// 1, primes, and the sizes around every vector and register tile.
  static let channelCounts = [1, 3, 15, 16, 17, 31, 32, 43, 48, 63, 64, 65, 96, 128, 130]
  private static let mostChannels = 130
  /// Taps and groups of four channels that meet every kind of values.
  private static let convolutions = [
    (1, 1), (1, 2), (1, 5), (1, 17), (3, 7), (4, 3), (7, 3), (9, 1), (9, 5), (9, 16), (25, 2),
  ]
  /// The rest of {1, 3, 9, 25} × {1, 2, 5, 16, 17}, with one kind of values each: sums are long, nothing else is new.
  private static let longConvolutions = [
    (1, 16), (3, 1), (3, 2), (3, 5), (3, 16), (3, 17), (9, 2), (9, 17), (25, 1), (25, 5), (25, 16),
    (25, 17),
  ]
  private static let depthwiseTaps = [1, 2, 3, 4, 7, 9, 25, 29, 49, 57]
  /// Of sums with more groups of four channels than this, half the pairs of pixels and channels are enough.
  private static let shortest = 64
  /// More seeds of short sums, for more zero points and clamps.
  private static let repeats = 8

  let operation: KernelOperation
  let kernels: ck_kernels
  let oracle: ck_kernels
  private var result = KernelCheck()

  init(operation: KernelOperation, kernels: ck_kernels, oracle: ck_kernels) {
    (self.operation, self.kernels, self.oracle) = (operation, kernels, oracle)
  }

  private var isDepthwise: Bool { operation == .depthwise }

  private var shapes: [KernelLayer.Shape] {
    var shapes: [KernelLayer.Shape] = []
    func add(_ values: KernelValues, taps: Int, k4: Int) {
      let seed = UInt64(shapes.count)
      shapes.append(
        .init(isDepthwise: isDepthwise, values: values, taps: taps, k4: k4, seed: seed)
      )
    }
    for values in KernelValues.allCases {
      guard !isDepthwise else {
        for taps in Self.depthwiseTaps { add(values, taps: taps, k4: 1) }
        for _ in 1..<Self.repeats { add(values, taps: 9, k4: 1) }
        continue
      }
      for (taps, k4) in Self.convolutions { add(values, taps: taps, k4: k4) }
      for _ in 1..<Self.repeats {
        add(values, taps: 1, k4: 1)
        add(values, taps: 2, k4: 2)
      }
    }
    guard !isDepthwise else { return shapes }
    for (index, (taps, k4)) in Self.longConvolutions.enumerated() {
      add(KernelValues.allCases[index % KernelValues.allCases.count], taps: taps, k4: k4)
    }
    return shapes
  }

  /// Numbers of pixels: up to the tile of a convolution, and to any tile's size of a depthwise one.
  private var pixelCounts: [Int] {
    guard isDepthwise else { return Array(1...kernels.tile) }
    let most = Int(CK_MAX_TILE)
    return [1, 2, 3, 5, 7, 8, 13, most - 1, most]
  }

  mutating func run(_ willRun: (KernelCase) -> Void) throws(RuntimeError) -> KernelCheck {
    let pixelCounts = pixelCounts
    let mostPixels = isDepthwise ? Int(CK_MAX_TILE) : kernels.tile
    let target = GuardedRows(rows: mostPixels, rowBytes: 4 * Self.mostChannels)
    for (index, shape) in shapes.enumerated() {
      let layer = try KernelLayer(shape, pixels: mostPixels, channels: Self.mostChannels)
      let outputs: [KernelLayer.Output] =
        operation == .floatConvolution ? [.floats] : [.bytes, .bytesWithResidual]
      let isLong = shape.taps * shape.k4 > Self.shortest
      let modulus = (operation == .floatConvolution ? 3 : 2) * (isLong ? 2 : 1)
      for (which, output) in outputs.enumerated() {
        let expected = expected(layer, output, target)
        for (column, channels) in Self.channelCounts.enumerated() {
          // Each pair of pixels and channels meets every output at several shapes of every kind of values.
          for pixels in pixelCounts where (pixels + column + index) % modulus == which {
            let operands = KernelCase.Operands.layer(
              shape,
              pixels: pixels,
              channels: channels,
              output
            )
            let current = KernelCase(operation: operation, operands: operands)
            willRun(current)
            result.cases += 1
            layer.run(kernels, pixels: pixels, channels: channels, output, into: target)
            if let failure = difference(target, expected, pixels, output) {
              result.failure = "\(current.text), \(layer.rounding.text): " + failure
              return result
            }
          }
        }
      }
    }
    return result
  }

  /// What `oracle` gives for the whole tile, pixel by pixel.
  private func expected(
    _ layer: KernelLayer,
    _ output: KernelLayer.Output,
    _ target: GuardedRows
  ) -> [UInt8] {
    var bytes: [UInt8] = []
    let rowBytes = layer.channels * output.elementBytes
    bytes.reserveCapacity(layer.pixels * rowBytes)
    for pixel in 0..<layer.pixels {
      layer.run(oracle, first: pixel, pixels: 1, channels: layer.channels, output, into: target)
      let row = UnsafeRawBufferPointer(start: target.row(0), count: rowBytes)
      bytes.append(contentsOf: row)
    }
    return bytes
  }

  /// The first difference of `pixels` rows to the whole tile's.
  private func difference(
    _ target: GuardedRows,
    _ expected: [UInt8],
    _ pixels: Int,
    _ output: KernelLayer.Output
  ) -> String? {
    expected.withUnsafeBytes { expected in
      guard let start = expected.baseAddress else { return nil }
      let size = output.elementBytes
      for pixel in 0..<pixels {
        let row = start + pixel * Self.mostChannels * size
        if let byte = target.difference(pixel, row) {
          let channel = byte / size
          let found = UnsafeRawPointer(target.row(pixel)) + channel * size
          return "pixel \(pixel), channel \(channel) is \(value(found, output)), expected "
            + value(row + channel * size, output)
        }
        guard target.isIntact(pixel) else {
          return "pixel \(pixel): bytes around the output were written, expected as they were"
        }
      }
      return nil
    }
  }

  private func value(_ bytes: UnsafeRawPointer, _ output: KernelLayer.Output) -> String {
    guard output == .floats else { return String(bytes.load(as: UInt8.self)) }
    return "float 0x" + String(bytes.loadUnaligned(as: UInt32.self), radix: 16)
  }
}
