internal import PlainText

/// A validated flat file, read in place.
///
/// The initializers check every rule of FORMAT.md once; after that all offsets, counts and numbers can be trusted. What
/// is allocated is proportional to the file's own bytes.
public struct ModelFile: @unchecked Sendable {
  /// The file without a signature block.
  public let bytes: UnsafeRawBufferPointer
  /// The signature block, nil where the file has none; whether the signature is right is for who knows the key.
  public let signature: SignatureBlock?
  /// Bytes of the arena, with 64 bytes of slack at its end.
  public let arenaSize: Int
  /// Index of the input tensor.
  public let inputTensor: Int
  /// Index of the output tensor.
  public let outputTensor: Int
  /// The tensors.
  public let tensors: [TensorRecord]
  /// The operators in execution order.
  public let operators: [OperatorRecord]
  /// How an image becomes the input.
  public let input: InputContract

  private let owner: ModelBytes?
  private let sections: SectionTable
  private let strings: StringTable
  private let goldens: [GoldenView]

  /// Validates bytes that it keeps alive.
  public init(_ owner: ModelBytes) throws(ModelFormatError) {
    try self.init(owner.bytes, owner: owner)
  }

  /// Validates bytes that must stay in place and unchanged as long as the value is used; they start at a multiple of 64.
  public init(_ bytes: UnsafeRawBufferPointer) throws(ModelFormatError) {
    try self.init(bytes, owner: nil)
  }

  /// Validates an aligned copy of `content`.
  public init(copying content: [UInt8]) throws(ModelFormatError) {
    try self.init(ModelBytes(copying: content))
  }

  private init(_ all: UnsafeRawBufferPointer, owner: ModelBytes?) throws(ModelFormatError) {
    let (bytes, signature) = try SignatureBlock.split(all)
    let sections = try SectionTable(bytes)
    func section(_ kind: SectionKind) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: bytes[sections.ranges[Int(kind.rawValue)]])
    }
    let strings = try StringTable(section(.strings))
    try Self.checkMetadata(section(.metadata), strings)
    let tensors = try TensorValidation.decode(section(.tensors), sections, strings)
    let operators = try OperatorDecoding.decode(section(.operators), sections, strings)
    input = try Self.decodeInput(section(.input), tensor: tensors[sections.inputTensor])
    try ArenaValidation.check(tensors, operators, sections)
    let validation = OperatorValidation(
      tensors: tensors,
      constants: section(.constants),
      weights: section(.weights)
    )
    var work: UInt64 = 0
    for (index, operation) in operators.enumerated() {
      try validation.check(operation, index)
      work += validation.work(operation)
      try require(
        work <= FileLayout.maximumWork,
        .operation(index),
        "work of a run up to here %, expected at most % multiply-accumulates",
        work,
        FileLayout.maximumWork
      )
    }
    goldens = try GoldenView.decode(
      section(.golden),
      input: tensors[sections.inputTensor],
      output: tensors[sections.outputTensor],
      operators: operators.count
    )
    try StringTable.checkText(section(.report), .section(.report))
    try Self.checkLabels(section(.labels), strings, tensors[sections.outputTensor])
    try CalibrationStatistics.check(section(.calibration), operators: operators.count)
    self.bytes = bytes
    self.signature = signature
    self.owner = owner
    self.sections = sections
    self.strings = strings
    self.tensors = tensors
    self.operators = operators
    arenaSize = sections.arenaSize
    inputTensor = sections.inputTensor
    outputTensor = sections.outputTensor
  }

  /// The content of a section, empty where the file has none.
  public func section(_ kind: SectionKind) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[sections.ranges[Int(kind.rawValue)]])
  }

  /// XXH64 (seed 0) of the whole file, a signature block included: what `xxhsum -H1` prints.
  ///
  /// Takes the time to read the file once.
  public var hash: UInt64 {
    XXH64.hash(UnsafeRawBufferPointer(start: bytes.baseAddress, count: byteCount))
  }

  /// Bytes of the whole file, a signature block included.
  public var byteCount: Int {
    bytes.count + (signature == nil ? 0 : SignatureBlock.byteCount)
  }

  /// The packed weights.
  public var weights: UnsafeRawBufferPointer { section(.weights) }
  /// Biases, multipliers, weight sums and tables.
  public var constants: UnsafeRawBufferPointer { section(.constants) }
  /// The converter's report in JSON, empty where there is none.
  public var report: String { String(decoding: section(.report), as: UTF8.self) }

  /// What layers and scores were like over the calibration images; nil where the file does not say.
  public var calibration: CalibrationStatistics? {
    CalibrationStatistics(section(.calibration), operators: operators.count)
  }

  /// The name of a tensor.
  public func name(of tensor: TensorRecord) -> String { strings.string(tensor.name) }
  /// The name of an operator.
  public func name(of operation: OperatorRecord) -> String { strings.string(operation.name) }

  /// The number of metadata pairs.
  public var metadataCount: Int { section(.metadata).count / 8 }

  /// A metadata pair, in ascending order of keys; `index` from 0 to `metadataCount − 1`.
  public func metadata(at index: Int) -> ModelContents.MetadataEntry {
    let pairs = section(.metadata)
    return ModelContents.MetadataEntry(
      key: strings.string(pairs.u32(8 * index)),
      value: strings.string(pairs.u32(8 * index + 4))
    )
  }

  /// The metadata value of `key`, nil where there is none.
  public func metadata(_ key: String) -> String? {
    for index in 0..<metadataCount {
      let entry = metadata(at: index)
      if entry.key.hasBytes(of: key) { return entry.value }
    }
    return nil
  }

  /// The number of labels: the output's elements, or 0 where the file has none.
  public var labelCount: Int { section(.labels).count / 4 }

  /// The label of a class, from 0 to `labelCount − 1`.
  public func label(_ index: Int) -> String {
    strings.string(section(.labels).u32(4 * index))
  }

  /// The number of golden vectors.
  public var goldenCount: Int { goldens.count }

  /// A golden vector in place, `index` from 0 to `goldenCount − 1`.
  public func golden(_ index: Int) -> GoldenView { goldens[index] }

  private static func checkMetadata(
    _ bytes: UnsafeRawBufferPointer,
    _ strings: StringTable
  ) throws(ModelFormatError) {
    let reader = RecordReader(bytes, .section(.metadata))
    let isWhole = bytes.count % 8 == 0
    try require(isWhole, reader.place, "size %, expected a multiple of 8", bytes.count)
    for offset in stride(from: 0, to: bytes.count, by: 4) {
      let string = try reader.name(offset, "string", in: strings)
      guard offset % 8 == 0, offset > 0 else { continue }
      try require(
        strings.precedes(bytes.u32(offset - 8), string),
        reader.place,
        "key % not above the one before it, expected keys in ascending order",
        offset / 8
      )
    }
  }

  private static func checkLabels(
    _ bytes: UnsafeRawBufferPointer,
    _ strings: StringTable,
    _ output: TensorRecord
  ) throws(ModelFormatError) {
    guard bytes.count > 0 else { return }
    let reader = RecordReader(bytes, .section(.labels))
    let outputs = output.elementCount
    try require(
      bytes.count == 4 * outputs,
      reader.place,
      "size %, expected % for % outputs",
      bytes.count,
      4 * outputs,
      outputs
    )
    for offset in stride(from: 0, to: bytes.count, by: 4) {
      _ = try reader.name(offset, "string", in: strings)
    }
  }

  private static func decodeInput(
    _ bytes: UnsafeRawBufferPointer,
    tensor: TensorRecord
  ) throws(ModelFormatError) -> InputContract {
    let reader = RecordReader(bytes, .section(.input))
    let place = reader.place
    try reader.requireSize(FileLayout.inputSize)
    let line: StaticString = " %, expected %, that of the input tensor"
    try reader.match(0, "height", tensor.height, line)
    try reader.match(4, "width", tensor.width, line)
    try reader.match(8, "channels", tensor.channels, line)
    var input = InputContract()
    (input.height, input.width, input.channels) = (tensor.height, tensor.width, tensor.channels)
    let isStride = input.channels != 3 || tensor.pixelStride == 4
    try require(
      isStride,
      place,
      "pixel stride of 3 channels %, expected 4",
      tensor.pixelStride
    )
    switch try reader.number(12, "resize", to: 2) {
    case 0: input.resize = .stretch
    case 1: input.resize = .crop
    default: input.resize = .letterbox
    }
    input.cropFraction = bytes.f32(16)
    let isFraction = input.cropFraction > 0 && input.cropFraction <= 1
    try require(
      isFraction,
      place,
      "crop fraction %, expected above 0, at most 1",
      input.cropFraction
    )
    input.filter = try reader.number(20, "filter", to: 1) == 0 ? .bilinear : .antialiased
    input.letterboxColor = bytes.u32(24)
    try require(
      input.letterboxColor <= 0xFF_FFFF,
      place,
      "letterbox colour %, expected 0x00BBGGRR",
      Hexadecimal(input.letterboxColor)
    )
    input.outputIsProbability = try reader.number(28, "probability flag", to: 1) == 1
    try reader.zeros(32..<64)
    return input
  }
}
