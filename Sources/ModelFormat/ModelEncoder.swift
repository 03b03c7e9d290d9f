extension ModelContents {
  /// The bytes of the flat file; the same contents give the same bytes.
  ///
  /// A string ends at its first zero character. Traps if a number does not fit its field.
  public func encode() -> [UInt8] {
    var strings = StringInterner()
    var sections: [(kind: SectionKind, content: [UInt8])] = []

    var writer = ByteWriter()
    for entry in metadata.sorted(by: {
      $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
    }) {
      writer.put(strings.offset(of: entry.key))
      writer.put(strings.offset(of: entry.value))
    }
    sections.append((.metadata, writer.bytes))
    sections.append((.input, encodeInput()))

    writer = ByteWriter()
    for tensor in tensors { writer.put(tensor.record, name: strings.offset(of: tensor.name)) }
    sections.append((.tensors, writer.bytes))

    writer = ByteWriter()
    for operation in operators {
      writer.put(operation.record, name: strings.offset(of: operation.name))
    }
    sections.append((.operators, writer.bytes))
    sections.append((.constants, constants))
    sections.append((.weights, weights))
    sections.append((.golden, encodeGoldens()))
    if !report.isEmpty { sections.append((.report, Array(report.utf8))) }
    if !labels.isEmpty {
      writer = ByteWriter()
      for label in labels { writer.put(strings.offset(of: label)) }
      sections.append((.labels, writer.bytes))
    }
    if let calibration {
      writer = ByteWriter()
      for word in calibration.words { writer.put(word) }
      sections.append((.calibration, writer.bytes))
    }
    sections.insert((.strings, strings.bytes), at: 0)
    return assemble(sections)
  }

  private func assemble(_ sections: [(kind: SectionKind, content: [UInt8])]) -> [UInt8] {
    let tableEnd = FileLayout.tableEnd(sections: sections.count)
    var table = ByteWriter()
    var offset = FileLayout.aligned(tableEnd)
    var size = offset
    for section in sections {
      table.put(section.kind.rawValue)
      table.put(UInt32(0))
      table.put(UInt64(offset))
      table.put(UInt64(section.content.count))
      table.put(XXH64.hash(section.content))
      size = offset + section.content.count
      offset = FileLayout.aligned(size)
    }

    var file = ByteWriter()
    file.bytes.reserveCapacity(size)
    file.put(FileLayout.magic)
    file.put(FileLayout.byteOrder)
    let isWide = tensors.contains { $0.record.elementType == .wide }
    let major = isWide ? FileLayout.wideMajor : FileLayout.major
    file.put(UInt32(major) | UInt32(FileLayout.minor) << 16)
    file.put(UInt64(size))
    file.put(UInt32(sections.count))
    file.put(UInt32(0))
    file.put(UInt64(0))
    file.put(UInt64(arenaSize))
    file.put(UInt32(tensors.count))
    file.put(UInt32(operators.count))
    file.put(UInt32(inputTensor))
    file.put(UInt32(outputTensor))
    file.bytes.append(contentsOf: table.bytes)
    let checksum = file.bytes.withUnsafeBytes {
      FileLayout.headerChecksum($0, sections: sections.count)
    }
    for byte in 0..<8 {
      file.bytes[FileLayout.checksumOffset + byte] = UInt8(
        truncatingIfNeeded: checksum >> UInt64(8 * byte)
      )
    }
    for section in sections {
      file.pad(to: 64)
      file.bytes.append(contentsOf: section.content)
    }
    return file.bytes
  }

  private func encodeInput() -> [UInt8] {
    var writer = ByteWriter()
    writer.put(UInt32(input.height))
    writer.put(UInt32(input.width))
    writer.put(UInt32(input.channels))
    writer.put(input.resize.rawValue)
    writer.put(input.cropFraction.bitPattern)
    writer.put(input.filter.rawValue)
    writer.put(input.letterboxColor)
    writer.put(UInt32(input.outputIsProbability ? 1 : 0))
    writer.pad(to: FileLayout.inputSize)
    return writer.bytes
  }

  private func encodeGoldens() -> [UInt8] {
    var writer = ByteWriter()
    writer.put(UInt32(goldens.count))
    writer.put(UInt32(operators.count))
    writer.put(UInt64(0))
    for golden in goldens {
      var stored: [UInt8] = []
      var seed: UInt64 = 0
      switch golden.input {
      case .seed(let value): seed = value
      case .stored(let bytes): stored = bytes
      }
      if case .seed = golden.input { writer.put(UInt32(0)) } else { writer.put(UInt32(1)) }
      writer.put(UInt32(0))
      writer.put(seed)
      writer.put(UInt64(stored.count))
      writer.put(UInt64(golden.output.count))
      writer.bytes.append(contentsOf: stored)
      writer.pad(to: 8)
      writer.bytes.append(contentsOf: golden.output)
      writer.pad(to: 8)
      for hash in golden.hashes { writer.put(hash) }
    }
    return writer.bytes
  }
}

/// Little-endian output.
private struct ByteWriter {
  var bytes: [UInt8] = []

  mutating func put<Number: FixedWidthInteger>(_ value: Number) {
    var rest = UInt64(truncatingIfNeeded: value)
    for _ in 0..<(Number.bitWidth / 8) {
      bytes.append(UInt8(truncatingIfNeeded: rest))
      rest >>= 8
    }
  }

  mutating func put(_ values: [Int]) { for value in values { put(UInt32(value)) } }

  mutating func pad(to alignment: Int) { while bytes.count % alignment != 0 { bytes.append(0) } }

  mutating func put(_ record: TensorRecord, name: UInt32) {
    put(name)
    put(record.elementType.rawValue)
    put([record.height, record.width, record.channels, record.pixelStride])
    put(record.scale.bitPattern)
    put(record.zeroPoint)
    put(UInt64(record.arenaOffset))
    put(UInt32(record.root))
    put(Int32(record.firstWriter))
    put(UInt32(record.lastReader))
    bytes.append(contentsOf: [UInt8](repeating: 0, count: 12))
  }

  mutating func put(_ record: OperatorRecord, name: UInt32) {
    put(record.kind.rawValue)
    put(name)
    put(UInt32(record.input))
    put(UInt32(truncatingIfNeeded: record.secondInput))
    put(UInt32(record.output))
    put(record.flags)
    put([record.kernelHeight, record.kernelWidth, record.strideY, record.strideX])
    put([record.dilationY, record.dilationX, record.padTop, record.padLeft, record.groups])
    put(record.clampLow)
    put(record.clampHigh)
    put(record.padPixel)
    put(UInt64(record.weightsOffset))
    put(UInt64(record.weightsSize))
    put(UInt64(record.constantsOffset))
    put(UInt64(record.constantsSize))
    put(record.multiplierA.bitPattern)
    put(record.multiplierB.bitPattern)
    put(record.multiplyAccumulates)
    put(record.noiseRatio.bitPattern)
    bytes.append(contentsOf: [UInt8](repeating: 0, count: 36))
  }
}

/// The strings section under construction: every distinct byte sequence once, in order of first use.
///
/// No Dictionary: its hashes need random numbers, which Embedded Swift asks of a libc that may have none.
private struct StringInterner {
  var bytes: [UInt8] = [0]
  /// Where each string starts, by its hash.
  private var known: [(hash: UInt64, offset: UInt32)] = []

  mutating func offset(of string: String) -> UInt32 {
    let content = Array(string.utf8.prefix { $0 != 0 })
    guard !content.isEmpty else { return 0 }
    let hash = XXH64.hash(content)
    var (low, high) = (0, known.count)
    while low < high {
      let middle = (low + high) / 2
      if known[middle].hash < hash { low = middle + 1 } else { high = middle }
    }
    var index = low
    while index < known.count, known[index].hash == hash {
      if isString(content, at: Int(known[index].offset)) { return known[index].offset }
      index += 1
    }
    let offset = UInt32(bytes.count)
    bytes.append(contentsOf: content)
    bytes.append(0)
    known.insert((hash, offset), at: low)
    return offset
  }

  private func isString(_ content: [UInt8], at offset: Int) -> Bool {
    bytes[offset...].starts(with: content) && bytes[offset + content.count] == 0
  }
}
