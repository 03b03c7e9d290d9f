import CKernels
import Testing

/// Every kernel set against the definition, with `==`, over lengths around every vector width.
@Suite struct ElementwiseKernelTests {
  static let lengths = [1, 2, 3, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 130, 257, 1000]
  private static let guardBytes = 64

  /// Two operands, readable to the next multiple of 64, and how results are rounded.
  private struct Operands {
    let a: KernelMemory<UInt8>
    let b: KernelMemory<UInt8>
    let zeroA: Int32
    let zeroB: Int32
    let oracle: KernelOracle
    var random: KernelRandom

    init(length: Int) {
      var random = KernelRandom(seed: UInt64(length))
      let readable = (length + 63) / 64 * 64
      a = KernelMemory((0..<readable).map { _ in .random(in: 0...255, using: &random) })
      b = KernelMemory((0..<readable).map { _ in .random(in: 0...255, using: &random) })
      zeroA = Int32.random(in: 0...255, using: &random)
      zeroB = Int32.random(in: 0...255, using: &random)
      oracle = KernelValues.mixed.oracle(&random)
      self.random = random
    }

    func centredA(_ i: Int) -> Int32 { Int32(a.elements[i]) - zeroA }
    func centredB(_ i: Int) -> Int32 { Int32(b.elements[i]) - zeroB }
  }

  /// What `kernel` wrote; records an issue where it wrote past `length`.
  private func written(
    _ set: KernelSet,
    _ length: Int,
    by kernel: (UnsafeMutablePointer<UInt8>) -> Void
  ) -> [UInt8] {
    let memory = KernelMemory([UInt8](repeating: 0xa5, count: length + 2 * Self.guardBytes))
    kernel(memory.at(Self.guardBytes))
    let around =
      memory.elements.prefix(Self.guardBytes) + memory.elements.suffix(Self.guardBytes)
    #expect(around.allSatisfy { $0 == 0xa5 }, "\(set.name) wrote outside \(length) bytes")
    return Array(memory.elements[Self.guardBytes..<Self.guardBytes + length])
  }

  @Test(arguments: KernelSet.supported, lengths)
  func `addition equals the definition`(set: KernelSet, length: Int) {
    let x = Operands(length: length)
    // The last pair exceeds Int32.
    for (ma, mb): (Float, Float) in [(0.73, 1.21), (0.5, 0.5), (0.25, 0), (1e8, 0.5), (-1e8, 3)] {
      let found = written(set, length) { out in
        set.table.pointee.add_u8(
          x.a.at(),
          x.zeroA,
          ma,
          x.b.at(),
          x.zeroB,
          mb,
          x.oracle.zeroPoint,
          x.oracle.low,
          x.oracle.high,
          out,
          length
        )
      }
      let expected = (0..<length).map { i in
        x.oracle.byte(
          KernelOracle.scaled(x.centredA(i), by: ma) + KernelOracle.scaled(x.centredB(i), by: mb)
        )
      }
      #expect(found == expected, "multipliers \(ma), \(mb)")
    }
  }

  @Test(arguments: KernelSet.supported, lengths)
  func `multiplication equals the definition`(set: KernelSet, length: Int) {
    let x = Operands(length: length)
    for m: Float in [0.0037, 0.5, 0.125, 1e6] {
      let found = written(set, length) { out in
        set.table.pointee.multiply_u8(
          x.a.at(),
          x.zeroA,
          x.b.at(),
          x.zeroB,
          m,
          x.oracle.zeroPoint,
          x.oracle.low,
          x.oracle.high,
          out,
          length
        )
      }
      let expected = (0..<length).map { i in
        x.oracle.byte(KernelOracle.scaled(x.centredA(i) * x.centredB(i), by: m))
      }
      #expect(found == expected, "multiplier \(m)")
    }
  }

  @Test(arguments: KernelSet.supported, lengths)
  func `addition works in place`(set: KernelSet, length: Int) {
    let x = Operands(length: length)
    let before = Array(x.a.elements)
    set.table.pointee.add_u8(
      x.a.at(),
      x.zeroA,
      0.6,
      x.b.at(),
      x.zeroB,
      0.7,
      x.oracle.zeroPoint,
      x.oracle.low,
      x.oracle.high,
      x.a.at(),
      length
    )
    let expected = (0..<length).map { i in
      x.oracle.byte(
        KernelOracle.scaled(Int32(before[i]) - x.zeroA, by: 0.6)
          + KernelOracle.scaled(x.centredB(i), by: 0.7)
      )
    }
    #expect(Array(x.a.elements) == expected + before.dropFirst(length))
  }

  @Test(arguments: KernelSet.supported, lengths)
  func `requantization equals the definition and reads no more`(set: KernelSet, length: Int) {
    var x = Operands(length: length)
    let sums = KernelMemory(
      (0..<length).map { i in
        i % 4 == 0
          ? Int32.random(in: .min ... .max, using: &x.random)
          : Int32.random(in: -900...900, using: &x.random)
      }
    )
    for m: Float in [0.31, 0.5, 1, 1000] {
      let found = written(set, length) { out in
        set.table.pointee.requantize(
          sums.at(),
          m,
          x.oracle.zeroPoint,
          x.oracle.low,
          x.oracle.high,
          out,
          length
        )
      }
      let expected = sums.elements.map { x.oracle.byte(KernelOracle.scaled($0, by: m)) }
      #expect(found == expected, "multiplier \(m)")
    }
  }

  @Test(arguments: KernelSet.supported, lengths)
  func `lookup equals the table and reads no more`(set: KernelSet, length: Int) {
    var random = KernelRandom(seed: UInt64(length))
    let table = KernelMemory((0..<256).map { _ in UInt8.random(in: 0...255, using: &random) })
    let input = KernelMemory((0..<length).map { UInt8(truncatingIfNeeded: $0 &* 7) })
    let found = written(set, length) { out in
      set.table.pointee.lookup_u8(table.at(), input.at(), out, length)
    }
    #expect(found == input.elements.map { table.elements[Int($0)] })
  }

  @Test(arguments: KernelSet.supported, lengths)
  func `maximum and sum equal the definition over 1 to 300 taps`(set: KernelSet, length: Int) {
    var x = Operands(length: length)
    for taps in [1, 2, 9, 49, 300] {
      let rows = (0..<taps).map { t in
        (t % 3 == 1 ? x.b : x.a).constant(at: 0)
      }
      let start = x.a.elements.map { _ in Int32.random(in: -70_000...70_000, using: &x.random) }
      let sums = KernelMemory(start)
      let found = written(set, length) { out in
        rows.withUnsafeBufferPointer {
          set.table.pointee.max_u8($0.baseAddress, taps, out, length)
          set.table.pointee.sum_u8($0.baseAddress, taps, sums.at(), length)
        }
      }
      let ofB = Int32((0..<taps).count { $0 % 3 == 1 })
      #expect(
        found
          == (0..<length).map {
            taps > 1 ? max(x.a.elements[$0], x.b.elements[$0]) : x.a.elements[$0]
          },
        "taps \(taps)"
      )
      #expect(
        sums.elements.prefix(length).elementsEqual(
          (0..<length).map { i in
            start[i] + Int32(x.a.elements[i]) * (Int32(taps) - ofB) + Int32(x.b.elements[i]) * ofB
          }
        ),
        "taps \(taps)"
      )
    }
  }
}
