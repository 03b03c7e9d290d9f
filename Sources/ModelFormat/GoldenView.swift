/// A golden vector in place in a validated file; valid as long as the file's bytes.
public struct GoldenView: @unchecked Sendable {
  /// The seed of a seeded input, nil where the input is stored.
  public let seed: UInt64?
  /// The stored dense input, empty where it is seeded.
  public let input: UnsafeRawBufferPointer
  /// The dense output.
  public let output: UnsafeRawBufferPointer
  private let hashes: UnsafeRawBufferPointer

  /// The hash of an operator's output.
  public func hash(_ operation: Int) -> UInt64 { hashes.u64(8 * operation) }

  static func decode(
    _ bytes: UnsafeRawBufferPointer,
    input: TensorRecord,
    output: TensorRecord,
    operators: Int
  ) throws(ModelFormatError) -> [GoldenView] {
    let place = ModelFormatError.Place.section(SectionKind.golden.rawValue)
    let head = FileLayout.goldenHeaderSize
    try require(bytes.count >= head, place, "size", "\(bytes.count)", "at least \(head)")
    let count = bytes.u32(0)
    let limit = FileLayout.maximumGoldens
    try require(count <= UInt32(limit), place, "count", "\(count)", "at most \(limit)")
    try require(
      bytes.u32(4) == UInt32(operators),
      place,
      "operator count",
      "\(bytes.u32(4))",
      "\(operators)"
    )
    try require(bytes.u64(8) == 0, place, "reserved field", "\(bytes.u64(8))", "0")
    var views: [GoldenView] = []
    var at = head
    for index in 0..<Int(count) {
      views.append(try one(bytes, &at, index, input, output, operators))
    }
    try require(at == bytes.count, place, "size", "\(bytes.count)", "\(at), the vectors' end")
    return views
  }

  private static func one(
    _ bytes: UnsafeRawBufferPointer,
    _ at: inout Int,
    _ index: Int,
    _ input: TensorRecord,
    _ output: TensorRecord,
    _ operators: Int
  ) throws(ModelFormatError) -> GoldenView {
    let place = ModelFormatError.Place.golden(index)
    let start = at
    func expectBytes(_ count: Int) throws(ModelFormatError) {
      let left = bytes.count - at
      try require(count <= left, place, "end", "\(left) bytes on", "\(count) bytes more")
    }
    func take(_ count: Int) throws(ModelFormatError) -> UnsafeRawBufferPointer {
      let padded = FileLayout.aligned(count, to: 8)
      try expectBytes(padded)
      let stray = (at + count..<at + padded).first { bytes[$0] != 0 }
      try require(stray == nil, place, "padding", "not zero", "zeros")
      let taken = UnsafeRawBufferPointer(rebasing: bytes[at..<at + count])
      at += padded
      return taken
    }
    try expectBytes(FileLayout.goldenVectorSize)
    let kind = bytes.u32(start)
    try require(kind <= 1, place, "kind", "\(kind)", "0 (seeded) or 1 (stored)")
    try require(bytes.u32(start + 4) == 0, place, "reserved", "\(bytes.u32(start + 4))", "0")
    let seed = bytes.u64(start + 8)
    try require(kind == 0 || seed == 0, place, "seed", "\(seed)", "0 with a stored input")
    let inputSize = kind == 0 ? 0 : input.elementCount * input.elementSize
    let foundInput = bytes.u64(start + 16)
    try require(
      foundInput == UInt64(inputSize),
      place,
      "input size",
      "\(foundInput)",
      "\(inputSize)"
    )
    let outputSize = output.elementCount * output.elementSize
    let foundOutput = bytes.u64(start + 24)
    try require(
      foundOutput == UInt64(outputSize),
      place,
      "output size",
      "\(foundOutput)",
      "\(outputSize)"
    )
    at += FileLayout.goldenVectorSize
    let storedInput = try take(inputSize)
    let storedOutput = try take(outputSize)
    let hashes = try take(8 * operators)
    return GoldenView(
      seed: kind == 0 ? seed : nil,
      input: storedInput,
      output: storedOutput,
      hashes: hashes
    )
  }
}
