internal import ModelFormat

/// An input to time a network with: smooth noise, which has the spectrum of photographs.
///
/// Products of bytes are made the faster the smaller a layer's inputs are (`ByteConvolution`), so a time is of an input, and white
/// noise would be of one that no camera sees.
struct NoisePicture {
  let bytes: [UInt8]

  /// Cells along an edge of each octave, and their amplitude in 2^-8.
  private static let octaves: [(cells: Int, amplitude: Int32)] = [
    (4, 197), (8, 139), (16, 98), (32, 70), (64, 49), (128, 35),
  ]

  init(_ input: TensorRecord) {
    let (height, width, channels) = (input.height, input.width, input.channels)
    var sums = [Int32](repeating: 128 << 8, count: height * width * channels)
    for (cells, amplitude) in Self.octaves {
      let noise = SplitMix64.bytes(seed: UInt64(cells), count: cells * cells * channels)
      for index in sums.indices {
        let (pixel, channel) = index.quotientAndRemainder(dividingBy: channels)
        let (y, x) = pixel.quotientAndRemainder(dividingBy: width)
        let cell = y * cells / height * cells + x * cells / width
        sums[index] += amplitude * (Int32(noise[cell * channels + channel]) - 128)
      }
    }
    bytes = sums.map { UInt8(clamping: $0 >> 8) }
  }
}
