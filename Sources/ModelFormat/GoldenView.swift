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
    let reader = RecordReader(bytes, .section(.golden))
    let head = FileLayout.goldenHeaderSize
    try require(bytes.count >= head, reader.place, "size %, expected at least %", bytes.count, head)
    let limit = UInt32(FileLayout.maximumGoldens)
    let count = try reader.number(0, "count", to: limit)
    try reader.match(4, "operator count", operators)
    try reader.zeros(8..<16, "reserved field")
    var views: [GoldenView] = []
    var at = head
    for index in 0..<count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[at...])
      let vector = RecordReader(rest, .golden(index))
      views.append(try one(vector, &at, input, output, operators))
    }
    let size = bytes.count
    try require(at == size, reader.place, "size %, expected %, the vectors' end", size, at)
    return views
  }

  /// The vector at the start of `reader`'s bytes, whose size is added to `end`.
  private static func one(
    _ reader: RecordReader,
    _ end: inout Int,
    _ input: TensorRecord,
    _ output: TensorRecord,
    _ operators: Int
  ) throws(ModelFormatError) -> GoldenView {
    let (bytes, place) = (reader.bytes, reader.place)
    var at = 0
    func take(_ count: Int) throws(ModelFormatError) -> UnsafeRawBufferPointer {
      let (start, padded) = (at, FileLayout.aligned(count, to: 8))
      let left = bytes.count - start
      try require(padded <= left, place, "end % bytes on, expected % bytes more", left, padded)
      try reader.zeros(start + count..<start + padded, "padding")
      at += padded
      return UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
    }
    _ = try take(FileLayout.goldenVectorSize)
    let kind = bytes.u32(0)
    try require(kind <= 1, place, "kind %, expected 0 (seeded) or 1 (stored)", kind)
    let isStored = kind == 1
    try reader.match(4, "reserved", 0)
    let seed = bytes.u64(8)
    try require(!isStored || seed == 0, place, "seed %, expected 0 with a stored input", seed)
    let inputSize = isStored ? input.elementCount * input.elementSize : 0
    let outputSize = output.elementCount * output.elementSize
    let (foundInput, foundOutput) = (bytes.u64(16), bytes.u64(24))
    let isInput = foundInput == UInt64(inputSize)
    try require(isInput, place, "input size %, expected %", foundInput, inputSize)
    let isOutput = foundOutput == UInt64(outputSize)
    try require(isOutput, place, "output size %, expected %", foundOutput, outputSize)
    let storedInput = try take(inputSize)
    let storedOutput = try take(outputSize)
    let hashes = try take(8 * operators)
    end += at
    return GoldenView(
      seed: isStored ? nil : seed,
      input: storedInput,
      output: storedOutput,
      hashes: hashes
    )
  }
}
