/// The operators between which a tensor's memory is in use.
public struct Lifetime: Sendable, Equatable {
  /// The first operator that writes it, −1 for the model's input; the number of operators where none does.
  public var firstWriter: Int
  /// The last operator that reads it, its first writer where none does; the number of operators for the output.
  public var lastReader: Int

  /// From `firstWriter` to `lastReader`, both included.
  public init(firstWriter: Int, lastReader: Int) {
    self.firstWriter = firstWriter
    self.lastReader = lastReader
  }

  /// Whether memory cannot be shared with `other`.
  public func overlaps(_ other: Lifetime) -> Bool {
    firstWriter <= other.lastReader && other.firstWriter <= lastReader
  }

  /// The lifetime of every tensor by FORMAT.md, "Lifetimes".
  ///
  /// An operator touches the tensors that it names, their views, and the roots that they are views of; siblings in one
  /// root are not touched. Only `root` of the tensors, and the operands of the operators, are read.
  ///
  /// Traps if an index is out of range.
  public static func all(
    tensors: [TensorRecord],
    operators: [OperatorRecord],
    input: Int,
    output: Int
  ) -> [Lifetime] {
    let never = operators.count
    var direct = [Lifetime](
      repeating: Lifetime(firstWriter: never, lastReader: -1),
      count: tensors.count
    )
    direct[input].firstWriter = -1
    for (index, operation) in operators.enumerated() {
      direct[operation.output].firstWriter = min(direct[operation.output].firstWriter, index)
      direct[operation.input].lastReader = index
      if operation.secondInput != OperatorRecord.noTensor {
        direct[operation.secondInput].lastReader = index
      }
    }
    direct[output].lastReader = never
    var whole = direct
    for (index, tensor) in tensors.enumerated() where tensor.root != index {
      let root = tensor.root
      whole[root].firstWriter = min(whole[root].firstWriter, direct[index].firstWriter)
      whole[root].lastReader = max(whole[root].lastReader, direct[index].lastReader)
      whole[index].firstWriter = min(whole[index].firstWriter, direct[root].firstWriter)
      whole[index].lastReader = max(whole[index].lastReader, direct[root].lastReader)
    }
    // A view that only its siblings write, as a list within a longer one: as early as any of them.
    for (index, tensor) in tensors.enumerated() where whole[index].firstWriter == never {
      whole[index].firstWriter = whole[tensor.root].firstWriter
    }
    for index in whole.indices {
      whole[index].lastReader = max(whole[index].lastReader, whole[index].firstWriter)
    }
    return whole
  }
}
