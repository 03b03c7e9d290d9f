internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Concatenation: parts that are not there already are copied in.
extension Lowering {
  mutating func lowerConcat(_ op: Concat, _ node: Node) throws(Problem) {
    let shape = graph.shape(of: node.output)
    guard ConcatPlacements.isAlongChannels(op, shape) else {
      throw Problem("joins axis \(op.axis) of \(shape), expected the channels")
    }
    guard !model.floatValues.contains(node.output) else {
      throw Problem("joins float32 values after a softmax; only heads are float")
    }
    let whole = try concatTensor(node.output)
    var offset = 0
    for input in node.inputs {
      let channels = try pixelShape(input).channels
      defer { offset += channels }
      if try isInPlace(input, of: whole, at: offset) { continue }
      try copy(input, into: whole, at: offset, name: "\(node.name)/copy")
    }
    try define(node.output, in: whole)
  }

  private mutating func isInPlace(_ value: ValueID, of whole: Int, at offset: Int) throws(Problem)
    -> Bool
  {
    let location = try location(value)
    return location.channels == nil && record(location.tensor).root == record(whole).root
      && channelOffsets[location.tensor] == channelOffsets[whole] + offset
      && shape(location.tensor) == location.shape
  }

  private mutating func copy(
    _ value: ValueID,
    into whole: Int,
    at offset: Int,
    name: String
  ) throws(Problem) {
    let channels = try pixelShape(value).channels
    let part = addView(
      name: "\(graph[value].name)/copy",
      of: whole,
      offset: offset,
      count: channels,
      nil
    )
    let location = try location(value)
    guard !isFloat(location.tensor) else {
      throw Problem("joins float32 values after a softmax; only heads are float")
    }
    let found = shape(location.tensor)
    let isSameImage =
      found.height == location.shape.height && found.width == location.shape.width
    if parameters(location.tensor) == parameters(part), isSameImage {
      emitGather(
        from: location.tensor,
        location.channels ?? Array(0..<channels),
        to: part,
        name: name
      )
    } else {
      emitLookup(from: try byteTensor(value), to: part, name: name, value: nil) { $0 }
    }
  }
}
