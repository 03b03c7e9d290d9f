import CLinux
import ModelFormat
import Testing

@testable import Pixels

/// Every set of pixel kernels against the portable one, at the end of memory that cannot be touched.
struct PixelKernelTests {
  /// Memory whose last byte lies before a page that cannot be touched.
  final class Guarded<Element> {
    let count: Int
    private let memory: UnsafeMutableRawPointer
    let elements: UnsafeMutablePointer<Element>

    init(_ count: Int) throws {
      self.count = count
      memory = try #require(cl_allocate_guarded(count * MemoryLayout<Element>.stride))
      elements = memory.bindMemory(to: Element.self, capacity: count)
    }

    deinit { cl_release_guarded(memory, count * MemoryLayout<Element>.stride) }

    var values: [Element] { Array(UnsafeBufferPointer(start: elements, count: count)) }
  }

  static let sets = PixelKernels.available.dropLast().map(\.name)
  static let lengths = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 130, 257]

  static func kernels(_ name: String) throws -> PixelKernels {
    try #require(PixelKernels.available.first { $0.name == name })
  }

  /// Weights whose sum is one: all in one place, or drawn.
  static func weights(_ count: Int, _ random: inout SplitMix64) -> [Int16] {
    var left = 16_384
    var weights = [Int16](repeating: 0, count: count)
    guard Bool.random(using: &random) else {
      weights[Int.random(in: 0..<count, using: &random)] = 16_384
      return weights
    }
    for index in 0..<count - 1 {
      let share = Int.random(in: 0...left, using: &random)
      weights[index] = Int16(share)
      left -= share
    }
    weights[count - 1] = Int16(left)
    return weights
  }

  @Test(arguments: sets, lengths)
  func `rows are blended alike`(set: String, length: Int) throws {
    let kernels = try Self.kernels(set)
    for taps in [1, 2, 3, 4, 7, 12] {
      let seed = UInt64(length * 100 + taps)
      var random = SplitMix64(seed: seed)
      let rows = try (0..<taps).map { _ in try Guarded<UInt8>(length) }
      for row in rows {
        let isWhite = Int.random(in: 0..<4, using: &random) == 0
        for index in 0..<length {
          row.elements[index] = isWhite ? 255 : UInt8.random(in: 0...255, using: &random)
        }
      }
      let weights = Self.weights(taps, &random)
      let pointers: [UnsafePointer<UInt8>?] = rows.map { UnsafePointer($0.elements) }
      let (found, expected) = try (Guarded<Int16>(length), Guarded<Int16>(length))
      // An optimiser gives memory back after the last use of its owner, which the pointers are not.
      withExtendedLifetime(rows) {
        kernels.blend(pointers, weights, taps, found.elements, length)
        PixelKernels.portable.blend(pointers, weights, taps, expected.elements, length)
      }
      #expect(found.values == expected.values, "seed \(seed)")
    }
  }

  @Test(arguments: sets, lengths)
  func `sums are taken apart alike`(set: String, length: Int) throws {
    let kernels = try Self.kernels(set)
    var random = SplitMix64(seed: UInt64(length))
    let samples = try Guarded<Int16>(2 * length)
    for index in 0..<2 * length {
      samples.elements[index] = Int16.random(in: 0...16_384, using: &random)
    }
    let (even, odd) = try (Guarded<Int16>(length), Guarded<Int16>(length))
    withExtendedLifetime(samples) {
      kernels.split(samples.elements, even.elements, odd.elements, length)
    }
    #expect(even.values == stride(from: 0, to: 2 * length, by: 2).map { samples.elements[$0] })
    #expect(odd.values == stride(from: 1, to: 2 * length, by: 2).map { samples.elements[$0] })
  }

  @Test(arguments: sets, lengths)
  func `columns are summed alike`(set: String, length: Int) throws {
    let kernels = try Self.kernels(set)
    for blocks in [1, 2, 3, 5] {
      let seed = UInt64(length * 100 + blocks)
      var random = SplitMix64(seed: seed)
      let stride = blocks * kernels.multiple
      let samples = try Guarded<Int16>(stride + 300)
      for index in 0..<samples.count {
        let isWhite = Int.random(in: 0..<4, using: &random) == 0
        samples.elements[index] = isWhite ? 16_320 : Int16.random(in: 0...16_320, using: &random)
      }
      let weights = try Guarded<Int16>(length * stride)
      var starts = [Int32](repeating: 300, count: length)
      for index in 0..<length {
        if index > 0 { starts[index] = Int32.random(in: 0...300, using: &random) }
        for (place, weight) in Self.weights(stride, &random).enumerated() {
          weights.elements[index * stride + place] = weight
        }
      }
      let (found, expected) = try (Guarded<Int16>(length), Guarded<Int16>(length))
      withExtendedLifetime((samples, weights)) {
        kernels.dot(samples.elements, starts, weights.elements, stride, found.elements, length)
        PixelKernels.portable.dot(
          samples.elements,
          starts,
          weights.elements,
          stride,
          expected.elements,
          length
        )
      }
      #expect(found.values == expected.values, "seed \(seed)")
    }
  }

  @Test(arguments: sets, lengths)
  func `colours are made alike`(set: String, length: Int) throws {
    let kernels = try Self.kernels(set)
    for matrix in ColorEncoding.Matrix.allCases {
      for range in ColorEncoding.Range.allCases {
        var random = SplitMix64(seed: UInt64(length))
        let parts = try (0..<3).map { _ in try Guarded<Int16>(length) }
        for part in parts {
          for index in 0..<length {
            part.elements[index] =
              [0, 16_320, Int16.random(in: 0...16_320, using: &random)][
                Int.random(in: 0..<3, using: &random)
              ]
          }
        }
        let (found, expected) = try (Guarded<UInt32>(length), Guarded<UInt32>(length))
        let c = ColorEncoding(matrix: matrix, range: range).coefficients
        withExtendedLifetime(parts) {
          for (kernels, out) in [(kernels, found), (PixelKernels.portable, expected)] {
            kernels.color(
              parts[0].elements,
              parts[1].elements,
              parts[2].elements,
              c,
              out.elements,
              length
            )
          }
        }
        #expect(found.values == expected.values)
      }
    }
  }

  @Test(arguments: sets, CameraFormatTests.formats)
  func `an image is the same with every set`(set: String, format: PixelFormat) throws {
    let (columns, rows) = YCbCrPicture.subsampling(format)
    let picture = YCbCrPicture(height: 121, width: 202, columns: columns, rows: rows, seed: 29)
    for contract in [
      PixelPlanTests.contract(37, 29), PixelPlanTests.contract(96, 96, .crop, fraction: 0.875),
      PixelPlanTests.contract(9, 300, filter: .bilinear),
    ] {
      let found = try CameraFormatTests.converted(
        picture,
        format,
        contract,
        kernels: Self.kernels(set)
      )
      let expected = try CameraFormatTests.converted(
        picture,
        format,
        contract,
        kernels: .portable
      )
      #expect(found == expected)
    }
  }
}
