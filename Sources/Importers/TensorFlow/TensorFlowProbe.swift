internal import Containers

/// Tells TensorFlow's records apart by their first fields, without decoding them.
struct TensorFlowProbe {
  enum Content {
    case graph
    case metaGraph
    case savedModel
    case checkpointList
  }

  let content: Content?

  init(_ source: ByteSource) {
    let head = (try? source.read(offset: 0, count: min(64, source.count))) ?? []
    let walker = Walker(source: source)
    if head.starts(with: Array("model_checkpoint_path:".utf8)) {
      content = .checkpointList
    } else if walker.isGraph(at: 0) {
      content = .graph
    } else if walker.isMetaGraph(at: 0) {
      content = .metaGraph
    } else if walker.isSavedModel() {
      content = .savedModel
    } else {
      content = nil
    }
  }

  /// Reads tags and lengths where they stand.
  private struct Walker {
    let source: ByteSource

    struct Field {
      var number: Int
      /// First byte of the content, for a field with a length.
      var start: Int
      /// First byte after the field.
      var end: Int
      var hasLength: Bool
    }

    func field(at offset: Int) -> Field? {
      guard offset >= 0, offset < source.count,
        let bytes = try? source.read(offset: offset, count: min(20, source.count - offset))
      else { return nil }
      var position = 0
      guard let tag = Varint.read(bytes, &position), tag >> 3 > 0, tag >> 3 < 1000 else {
        return nil
      }
      let number = Int(tag >> 3)
      switch tag & 7 {
      case 0:
        guard Varint.read(bytes, &position) != nil else { return nil }
        let end = offset + position
        return Field(number: number, start: end, end: end, hasLength: false)
      case 2:
        guard let length = Varint.read(bytes, &position), length <= UInt64(source.count) else {
          return nil
        }
        let start = offset + position
        guard start + Int(length) <= source.count else { return nil }
        return Field(number: number, start: start, end: start + Int(length), hasLength: true)
      default: return nil
      }
    }

    /// A node: its name, then an operator's, which is a word.
    private func isNode(_ node: Field) -> Bool {
      guard node.number == 1, node.hasLength, let name = field(at: node.start), name.number == 1,
        name.hasLength, name.end < node.end, let operation = field(at: name.end),
        operation.number == 2, operation.hasLength, operation.end <= node.end,
        (1...128).contains(operation.end - operation.start),
        let word = try? source.read(
          offset: operation.start,
          count: operation.end - operation.start
        )
      else { return false }
      return word.allSatisfy { byte in
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
          || [0x5F, 0x3E].contains(byte)
      }
    }

    func isGraph(at offset: Int) -> Bool { field(at: offset).map { isNode($0) } ?? false }

    /// Meta information, which may be left out, then a graph.
    func isMetaGraph(at offset: Int) -> Bool {
      var position = offset
      for _ in 0..<3 {
        guard let field = field(at: position) else { return false }
        if field.number == 2, field.hasLength { return isGraph(at: field.start) }
        guard field.number == 1, field.hasLength else { return false }
        position = field.end
      }
      return false
    }

    /// A schema version, then a meta graph.
    func isSavedModel() -> Bool {
      guard var field = field(at: 0) else { return false }
      if field.number == 1, !field.hasLength {
        guard let next = self.field(at: field.end) else { return false }
        field = next
      }
      return field.number == 2 && field.hasLength && isMetaGraph(at: field.start)
    }
  }
}
