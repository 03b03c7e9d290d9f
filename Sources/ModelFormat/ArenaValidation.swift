/// Checks of tensors together: views, lifetimes, overlaps, and the order of writes and reads.
enum ArenaValidation {
  static func check(
    _ tensors: [TensorRecord],
    _ operators: [OperatorRecord],
    _ table: SectionTable
  ) throws(ModelFormatError) {
    try checkViews(tensors)
    let input = table.inputTensor
    try require(
      tensors[input].root == input && tensors[input].elementType == .u8,
      .tensor(input),
      "the model's input a view or not u8, expected a u8 tensor that owns its memory"
    )
    try require(
      tensors[table.outputTensor].elementType != .wide,
      .tensor(table.outputTensor),
      "the model's output u8.8, expected u8 or float32"
    )
    let lifetimes = Lifetime.all(
      tensors: tensors,
      operators: operators,
      input: input,
      output: table.outputTensor
    )
    for (index, tensor) in tensors.enumerated() {
      let (place, lifetime) = (ModelFormatError.Place.tensor(index), lifetimes[index])
      let isWritten = lifetime.firstWriter < operators.count
      try require(isWritten, place, "writer none, expected an operator that writes it")
      try require(
        tensor.firstWriter == lifetime.firstWriter,
        place,
        "first writer %, expected %",
        tensor.firstWriter,
        lifetime.firstWriter
      )
      try require(
        tensor.lastReader == lifetime.lastReader,
        place,
        "last reader %, expected %",
        tensor.lastReader,
        lifetime.lastReader
      )
    }
    try checkOverlaps(tensors, lifetimes)
    try checkOrder(tensors, operators, input: input, output: table.outputTensor)
  }

  private static func checkViews(_ tensors: [TensorRecord]) throws(ModelFormatError) {
    for (index, tensor) in tensors.enumerated() where tensor.root != index {
      let place = ModelFormatError.Place.tensor(index)
      let root = tensors[tensor.root]
      try require(
        root.root == tensor.root,
        place,
        "root %, a view itself, expected a tensor that owns its memory",
        tensor.root
      )
      try require(
        root.height == tensor.height && root.width == tensor.width
          && root.elementType == tensor.elementType && root.pixelStride == tensor.pixelStride,
        place,
        "shape unlike tensor %'s, expected height, width, type and pixel stride of its root",
        tensor.root
      )
      let first = tensor.arenaOffset - root.arenaOffset
      let end = first + tensor.channels * tensor.elementSize
      try require(
        first >= 0 && end <= root.channels * root.elementSize,
        place,
        "offset %, expected inside the first pixel of tensor %",
        tensor.arenaOffset,
        tensor.root
      )
    }
  }

  private static func checkOverlaps(
    _ tensors: [TensorRecord],
    _ lifetimes: [Lifetime]
  ) throws(ModelFormatError) {
    // By offset, then index: the offset is below 2³¹ and a multiple of 64, the index below 2¹⁶.
    var roots: [Int64] = []
    for (index, tensor) in tensors.enumerated() where tensor.root == index {
      roots.append(Int64(tensor.arenaOffset) << 16 | Int64(index))
    }
    roots.sortAscending()
    for position in roots.indices {
      let lower = Int(roots[position] & 0xFFFF)
      let end = Int64(tensors[lower].arenaOffset + tensors[lower].storageByteCount) << 16
      for next in position + 1..<roots.count {
        if roots[next] >= end { break }
        let upper = Int(roots[next] & 0xFFFF)
        try require(
          !lifetimes[lower].overlaps(lifetimes[upper]),
          .tensor(max(lower, upper)),
          "memory shared with tensor %, expected separate while both are in use",
          min(lower, upper)
        )
      }
    }
  }

  /// Every channel is written once, and before it is read.
  private static func checkOrder(
    _ tensors: [TensorRecord],
    _ operators: [OperatorRecord],
    input: Int,
    output: Int
  ) throws(ModelFormatError) {
    var written = [WrittenBytes](repeating: WrittenBytes(), count: tensors.count)
    func range(_ index: Int) -> Range<Int> {
      let tensor = tensors[index]
      let first = tensor.arenaOffset - tensors[tensor.root].arenaOffset
      return first..<first + tensor.channels * tensor.elementSize
    }
    _ = written[input].insert(range(input))
    for (index, operation) in operators.enumerated() {
      for operand in [operation.input, operation.secondInput]
      where operand != OperatorRecord.noTensor {
        try require(
          written[tensors[operand].root].contains(range(operand)),
          .operation(index),
          "input tensor % not written yet, expected an earlier operator that writes all of it",
          operand
        )
      }
      try require(
        written[tensors[operation.output].root].insert(range(operation.output)),
        .operation(index),
        "output tensor % written before, expected memory that is written once",
        operation.output
      )
    }
    try require(
      written[tensors[output].root].contains(range(output)),
      .tensor(output),
      "the model's output not written, expected an operator that writes all of it"
    )
  }
}

/// The bytes of a root's pixel that operators have written: ascending, disjoint, not touching.
private struct WrittenBytes {
  private var ranges: [Range<Int>] = []

  /// Index of the first range that ends at or after `position`.
  private func first(endingAtOrAfter position: Int) -> Int {
    var (low, high) = (0, ranges.count)
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < position { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func contains(_ range: Range<Int>) -> Bool {
    let at = first(endingAtOrAfter: range.upperBound)
    return at < ranges.count && ranges[at].lowerBound <= range.lowerBound
  }

  /// Adds `range`; false where part of it was there.
  mutating func insert(_ range: Range<Int>) -> Bool {
    var at = first(endingAtOrAfter: range.lowerBound)
    var merged = range
    if at < ranges.count, ranges[at].upperBound == range.lowerBound {
      merged = ranges[at].lowerBound..<merged.upperBound
      ranges.remove(at: at)
    }
    if at < ranges.count {
      if ranges[at].lowerBound < range.upperBound { return false }
      if ranges[at].lowerBound == range.upperBound {
        merged = merged.lowerBound..<ranges[at].upperBound
        ranges.remove(at: at)
      }
    }
    at = min(at, ranges.count)
    ranges.insert(merged, at: at)
    return true
  }
}
