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
      "the model's input",
      "a view or not u8",
      "a u8 tensor that owns its memory"
    )
    let lifetimes = Lifetime.all(
      tensors: tensors,
      operators: operators,
      input: input,
      output: table.outputTensor
    )
    for (index, tensor) in tensors.enumerated() {
      let (place, lifetime) = (ModelFormatError.Place.tensor(index), lifetimes[index])
      try require(
        lifetime.firstWriter < operators.count,
        place,
        "writer",
        "none",
        "an operator that writes it"
      )
      try require(
        tensor.firstWriter == lifetime.firstWriter,
        place,
        "first writer",
        "\(tensor.firstWriter)",
        "\(lifetime.firstWriter)"
      )
      try require(
        tensor.lastReader == lifetime.lastReader,
        place,
        "last reader",
        "\(tensor.lastReader)",
        "\(lifetime.lastReader)"
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
        "root",
        "\(tensor.root), a view itself",
        "a tensor that owns its memory"
      )
      try require(
        root.height == tensor.height && root.width == tensor.width
          && root.elementType == tensor.elementType && root.pixelStride == tensor.pixelStride,
        place,
        "shape",
        "unlike tensor \(tensor.root)'s",
        "height, width, type and pixel stride of its root"
      )
      let first = tensor.arenaOffset - root.arenaOffset
      let end = first + tensor.channels * tensor.elementSize
      try require(
        first >= 0 && end <= root.channels * root.elementSize,
        place,
        "offset",
        "\(tensor.arenaOffset)",
        "inside the first pixel of tensor \(tensor.root)"
      )
    }
  }

  private static func checkOverlaps(
    _ tensors: [TensorRecord],
    _ lifetimes: [Lifetime]
  ) throws(ModelFormatError) {
    let roots = tensors.indices.filter { tensors[$0].root == $0 }
      .sorted { (tensors[$0].arenaOffset, $0) < (tensors[$1].arenaOffset, $1) }
    for (position, lower) in roots.enumerated() {
      let end = tensors[lower].arenaOffset + tensors[lower].storageByteCount
      for upper in roots[(position + 1)...] {
        if tensors[upper].arenaOffset >= end { break }
        try require(
          !lifetimes[lower].overlaps(lifetimes[upper]),
          .tensor(max(lower, upper)),
          "memory",
          "shared with tensor \(min(lower, upper))",
          "separate while both are in use"
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
          "input tensor \(operand)",
          "not written yet",
          "an earlier operator that writes all of it"
        )
      }
      try require(
        written[tensors[operation.output].root].insert(range(operation.output)),
        .operation(index),
        "output tensor \(operation.output)",
        "written before",
        "memory that is written once"
      )
    }
    try require(
      written[tensors[output].root].contains(range(output)),
      .tensor(output),
      "the model's output",
      "not written",
      "an operator that writes all of it"
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
