/// A validated flat file, read in place.
///
/// The initializers check every rule of FORMAT.md once; after that all offsets, counts and numbers can be trusted. What
/// is allocated is proportional to the file's own bytes.
public struct ModelFile: @unchecked Sendable {
  /// The whole file.
  public let bytes: UnsafeRawBufferPointer
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

  private init(_ bytes: UnsafeRawBufferPointer, owner: ModelBytes?) throws(ModelFormatError) {
    let sections = try SectionTable(bytes)
    func section(_ kind: SectionKind) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(rebasing: bytes[sections.ranges[Int(kind.rawValue)]])
    }
    let strings = try StringTable(section(.strings))
    try Self.checkMetadata(section(.metadata), strings)
    let tensors = try TensorValidation.decode(section(.tensors), sections, strings)
    let operators = try OperatorValidation.decode(section(.operators), sections, strings)
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
        "work of a run up to here",
        "\(work)",
        "at most \(FileLayout.maximumWork) multiply-accumulates"
      )
    }
    goldens = try GoldenView.decode(
      section(.golden),
      input: tensors[sections.inputTensor],
      output: tensors[sections.outputTensor],
      operators: operators.count
    )
    let report = section(.report)
    if let invalid = StringTable.firstInvalid(report) {
      throw ModelFormatError(
        .section(SectionKind.report.rawValue),
        "byte \(invalid)",
        hex(report[invalid]),
        expected: "UTF-8"
      )
    }
    try Self.checkLabels(section(.labels), strings, tensors[sections.outputTensor])
    self.bytes = bytes
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

  /// The packed weights.
  public var weights: UnsafeRawBufferPointer { section(.weights) }
  /// Biases, multipliers, weight sums and tables.
  public var constants: UnsafeRawBufferPointer { section(.constants) }
  /// The converter's report in JSON, empty where there is none.
  public var report: String { String(decoding: section(.report), as: UTF8.self) }

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
      if entry.key.utf8.elementsEqual(key.utf8) { return entry.value }
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
    let place = ModelFormatError.Place.section(SectionKind.metadata.rawValue)
    try require(bytes.count % 8 == 0, place, "size", "\(bytes.count)", "a multiple of 8")
    for offset in stride(from: 0, to: bytes.count, by: 4) {
      let string = bytes.u32(offset)
      try require(strings.isStart(string), place, "string", "\(string)", "the start of a string")
      guard offset % 8 == 0, offset > 0 else { continue }
      let (previous, key) = (strings.content(bytes.u32(offset - 8)), strings.content(string))
      try require(
        previous.lexicographicallyPrecedes(key),
        place,
        "key \(offset / 8)",
        "not above the one before it",
        "keys in ascending order"
      )
    }
  }

  private static func checkLabels(
    _ bytes: UnsafeRawBufferPointer,
    _ strings: StringTable,
    _ output: TensorRecord
  ) throws(ModelFormatError) {
    guard bytes.count > 0 else { return }
    let place = ModelFormatError.Place.section(SectionKind.labels.rawValue)
    try require(
      bytes.count == 4 * output.elementCount,
      place,
      "size",
      "\(bytes.count)",
      "\(4 * output.elementCount) for \(output.elementCount) outputs"
    )
    for offset in stride(from: 0, to: bytes.count, by: 4) {
      let string = bytes.u32(offset)
      try require(strings.isStart(string), place, "string", "\(string)", "the start of a string")
    }
  }

  private static func decodeInput(
    _ bytes: UnsafeRawBufferPointer,
    tensor: TensorRecord
  ) throws(ModelFormatError) -> InputContract {
    let place = ModelFormatError.Place.section(SectionKind.input.rawValue)
    let size = FileLayout.inputSize
    try require(bytes.count == size, place, "size", "\(bytes.count)", "\(size)")
    var input = InputContract()
    let extents = [tensor.height, tensor.width, tensor.channels]
    for (index, what) in ["height", "width", "channels"].enumerated() {
      let found = bytes.u32(4 * index)
      try require(
        found == UInt32(extents[index]),
        place,
        what,
        "\(found)",
        "\(extents[index]), that of the input tensor"
      )
    }
    (input.height, input.width, input.channels) = (extents[0], extents[1], extents[2])
    try require(
      input.channels != 3 || tensor.pixelStride == 4,
      place,
      "pixel stride of 3 channels",
      "\(tensor.pixelStride)",
      "4"
    )
    guard let resize = InputContract.Resize(rawValue: bytes.u32(12)) else {
      throw ModelFormatError(place, "resize", "\(bytes.u32(12))", expected: "0, 1 or 2")
    }
    input.resize = resize
    input.cropFraction = bytes.f32(16)
    try require(
      input.cropFraction > 0 && input.cropFraction <= 1,
      place,
      "crop fraction",
      "\(input.cropFraction)",
      "above 0, at most 1"
    )
    guard let filter = InputContract.Filter(rawValue: bytes.u32(20)) else {
      throw ModelFormatError(place, "filter", "\(bytes.u32(20))", expected: "0 or 1")
    }
    input.filter = filter
    input.letterboxColor = bytes.u32(24)
    try require(
      input.letterboxColor <= 0xFF_FFFF,
      place,
      "letterbox colour",
      hex(input.letterboxColor),
      "0x00BBGGRR"
    )
    let probability = bytes.u32(28)
    try require(probability <= 1, place, "probability flag", "\(probability)", "0 or 1")
    input.outputIsProbability = probability == 1
    let reserved = (32..<64).first { bytes[$0] != 0 }
    try require(reserved == nil, place, "reserved bytes", "not zero", "zeros")
    return input
  }
}
