internal import ModelFormat

extension ModelContents {
  /// For each operator those whose results it reads, ascending; −1 for the image.
  ///
  /// Parts of a concatenation are written in place: a reader of the whole reads what every writer of a part of that memory left.
  var operatorInputs: [[Int]] {
    var writers: [Int: [(index: Int, channels: Range<Int>)]] = [:]
    func channels(_ tensor: Int) -> Range<Int> {
      let record = tensors[tensor].record
      let root = tensors[record.root].record
      let start = (record.arenaOffset - root.arenaOffset) / record.elementSize
      return start..<start + record.channels
    }
    let image = tensors[inputTensor].record.root
    writers[image] = [(-1, channels(inputTensor))]
    return operators.enumerated().map { index, operation in
      let record = operation.record
      var found: Set<Int> = []
      for tensor in [record.input, record.secondInput] where tensor != OperatorRecord.noTensor {
        let read = channels(tensor)
        for writer in writers[tensors[tensor].record.root] ?? []
        where writer.channels.overlaps(read) {
          found.insert(writer.index)
        }
      }
      writers[tensors[record.output].record.root, default: []]
        .append((index, channels(record.output)))
      return found.sorted()
    }
  }

  /// The tensors that own memory, in order of first use.
  var memoryBlocks: [ReportDetails.MemoryBlock] {
    tensors.indices.filter { tensors[$0].record.root == $0 }
      .map { index in
        let record = tensors[index].record
        return ReportDetails.MemoryBlock(
          name: tensors[index].name,
          offset: record.arenaOffset,
          byteCount: record.storageByteCount,
          firstWriter: record.firstWriter,
          lastReader: record.lastReader
        )
      }
      .sorted { ($0.firstWriter, $0.offset) < ($1.firstWriter, $1.offset) }
  }
}
