import Testing

@testable import ModelFormat

@Suite struct BlockSumsTests {
  /// What sums are, byte by byte.
  private struct Expected: Equatable {
    var sum = [Int32](repeating: 0, count: 16)
    var magnitude = [Int32](repeating: 0, count: 16)
    var hasLowest = false
    var hasStrayBytes = false
  }

  private func check(_ bytes: [UInt8], _ layout: PackedLayout) {
    var expected = Expected()
    for (place, byte) in bytes.enumerated() {
      let (step, lane, part) = (place / 64, place / 4 % 16, place % 4)
      let weight = Int32(Int8(bitPattern: byte))
      expected.sum[lane] += weight
      expected.magnitude[lane] += abs(weight)
      if weight == -128 { expected.hasLowest = true }
      let isTail = step % layout.stepsPerTail == layout.stepsPerTail - 1
      if isTail && part >= layout.tailBytes && byte != 0 { expected.hasStrayBytes = true }
    }
    let found = bytes.withUnsafeBytes { $0.baseAddress.map { BlockSums($0, layout) } }
    #expect(found.map { $0.sum } == SIMD16(expected.sum))
    #expect(found.map { $0.magnitude } == SIMD16(expected.magnitude))
    #expect(found?.hasLowest == expected.hasLowest)
    #expect(found?.hasStrayBytes == expected.hasStrayBytes)
  }

  @Test(arguments: [1, 2, 63, 64, 65, 127, 128, 129, 1000], [1, 2, 3, 4])
  func `sums are those of the bytes`(quads: Int, tail: Int) {
    let layout = PackedLayout(outputs: 16, inputs: 4 * (quads - 1) + tail, taps: 2, groups: 1)
    var random = SplitMix64(seed: UInt64(quads * 4 + tail))
    var bytes = (0..<layout.steps * 64).map { _ in UInt8.random(in: 0...255, using: &random) }
    check(bytes, layout)
    for place in bytes.indices {
      let isPadding = place / 64 % quads == quads - 1 && place % 4 >= tail
      if isPadding { bytes[place] = 0 } else if bytes[place] == 0x80 { bytes[place] = 0x81 }
    }
    check(bytes, layout)
    bytes[bytes.count - 64 + 4 * (tail % 16)] = 0x80
    check(bytes, layout)
  }

  @Test(arguments: [0x7F, 0x80, 0x81, 0xFF, 0x00] as [UInt8])
  func `the largest sums are right`(byte: UInt8) {
    let layout = PackedLayout(outputs: 16, inputs: 4096, taps: 1, groups: 1)
    check([UInt8](repeating: byte, count: layout.steps * 64), layout)
  }

  @Test(arguments: [1, 3, 4, 9, 25])
  func `depthwise layouts have one tail`(taps: Int) {
    let layout = PackedLayout(depthwiseChannels: 16, taps: taps)
    var random = SplitMix64(seed: UInt64(taps))
    check((0..<layout.steps * 64).map { _ in UInt8.random(in: 1...127, using: &random) }, layout)
  }
}
