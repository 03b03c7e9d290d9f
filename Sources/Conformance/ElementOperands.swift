internal import ModelFormat
internal import Runtime

/// What element-wise kernels read and write, each at the end of guarded memory of its own.
///
/// Two sets of operands that were filled with the same seed hold the same bytes.
final class ElementOperands {
  let length: Int
  /// `length` rounded up to what `ckernels.h` lets kernels read.
  private let readable: Int
  private let memory: [GuardedMemory]
  private let outputRow: GuardedRows
  private var random = SplitMix64(seed: 0)

  private(set) var rounding = Rounding(zeroPoint: 0, low: 0, high: 255)
  private(set) var zeroA: Int32 = 0
  private(set) var zeroB: Int32 = 0

  /// Operands of `readable` bytes, the bytes of the last 128 to 255.
  let a: UnsafeMutablePointer<UInt8>
  let b: UnsafeMutablePointer<UInt8>
  private let large: UnsafeMutablePointer<UInt8>
  /// An operand of `length` bytes.
  let exact: UnsafeMutablePointer<UInt8>
  /// An operand of `length` sums.
  let sums: UnsafeMutablePointer<Int32>
  /// Sums to add to, `readable` of them.
  let totals: UnsafeMutablePointer<Int32>
  /// 256 bytes.
  let table: UnsafeMutablePointer<UInt8>

  init(_ length: Int) throws(RuntimeError) {
    self.length = length
    readable = (length + 63) / 64 * 64
    memory = [
      try GuardedMemory(readable, of: UInt8.self), try GuardedMemory(readable, of: UInt8.self),
      try GuardedMemory(length, of: UInt8.self), try GuardedMemory(length, of: Int32.self),
      try GuardedMemory(readable, of: Int32.self), try GuardedMemory(256, of: UInt8.self),
      try GuardedMemory(readable, of: UInt8.self),
    ]
    a = memory[0].last(readable, of: UInt8.self)
    b = memory[1].last(readable, of: UInt8.self)
    exact = memory[2].last(length, of: UInt8.self)
    sums = memory[3].last(length, of: Int32.self)
    totals = memory[4].last(readable, of: Int32.self)
    table = memory[5].last(256, of: UInt8.self)
    large = memory[6].last(readable, of: UInt8.self)
    outputRow = GuardedRows(rows: 1, rowBytes: length)
  }

  /// `length` bytes between guards.
  var output: UnsafeMutablePointer<UInt8> {
    outputRow.row(0).bindMemory(to: UInt8.self, capacity: length)
  }

  /// Random contents; `narrow` sums are near what a byte holds, others half ±70000 and half anything.
  func fill(_ seed: UInt64, narrow: Bool) {
    random = SplitMix64(seed: seed)
    rounding = (seed % 5 == 0 ? KernelValues.extreme : .mixed).rounding(&random)
    (zeroA, zeroB) = (random.int32(0...255), random.int32(0...255))
    for index in 0..<readable {
      (a[index], b[index], large[index]) = (random.byte(), random.byte(), random.byte() | 128)
      totals[index] = random.int32(-500_000...500_000)
    }
    for index in 0..<length {
      // Every byte where there is room for all.
      exact[index] = length > 256 && index < 256 ? UInt8(index) : random.byte()
      sums[index] =
        narrow
        ? random.int32(-70_000...70_000)
        : (random.next() % 2 == 0
          ? random.int32(-900...900) : Int32(truncatingIfNeeded: random.next()))
    }
    for index in 0..<256 { table[index] = random.byte() }
    outputRow.clear(rows: 1, rowBytes: length)
  }

  /// Calls `body` with pointers to `taps` rows of `readable` bytes: one tap has large bytes, so that none can be left out.
  func withRows(_ taps: Int, _ body: (UnsafePointer<UnsafePointer<UInt8>?>) -> Void) {
    let largest = random.number(0...(taps - 1))
    var rows: [UnsafePointer<UInt8>?] = []
    for tap in 0..<taps {
      rows.append(UnsafePointer(tap == largest ? large : random.next() % 2 == 0 ? a : b))
    }
    rows.withUnsafeBufferPointer { if let start = $0.baseAddress { body(start) } }
  }

  /// The first difference of anything that a kernel may write.
  func difference(_ expected: ElementOperands, isSum: Bool) -> String? {
    for index in 0..<readable {
      // A sum may write to the end of the last 64.
      if isSum, index < length, totals[index] != expected.totals[index] {
        return "sum \(index) is \(totals[index]), expected \(expected.totals[index])"
      }
      for (found, expected) in [(a, expected.a), (b, expected.b)]
      where found[index] != expected[index] {
        return "element \(index) in place is \(found[index]), expected \(expected[index])"
      }
    }
    if let index = outputRow.difference(0, expected.output) {
      return "element \(index) is \(output[index]), expected \(expected.output[index])"
    }
    guard outputRow.isIntact(0) else {
      return "bytes around the output were written, expected as they were"
    }
    return nil
  }
}
