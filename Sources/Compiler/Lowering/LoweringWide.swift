internal import GraphIR
internal import ModelFormat
internal import Quantization

/// Values of u8.8: who reads them as they are, and who gets bytes.
///
/// Every other part of the lowering asks for bytes and gets them, so an operator without a form for u8.8 needs to know nothing of it.
extension Lowering {
  /// The value in u8.8 or else in bytes, for operators that read either.
  mutating func operand(_ value: ValueID) throws(Problem) -> Int {
    if let tensor = try wideTensor(value) { return tensor }
    return try byteTensor(value)
  }

  /// As `operand`, but the tensor may have any shape with the same dense sequence.
  mutating func denseOperand(_ value: ValueID) throws(Problem) -> Int {
    if let tensor = wideTensors[value] { return tensor }
    return try denseTensor(value)
  }

  /// The tensor of u8.8 that holds the value in its own shape; nil where there is none.
  func wideTensor(_ value: ValueID) throws(Problem) -> Int? {
    guard let tensor = wideTensors[value], shape(tensor) == (try pixelShape(value)) else {
      return nil
    }
    return tensor
  }

  /// Whether an operator has written the value.
  func isComputed(_ value: ValueID) -> Bool {
    locations[value] != nil || wideTensors[value] != nil
  }

  /// The numbers of a tensor rounded to bytes, where a concatenation wants them if one does.
  ///
  /// An average over one tap, with a multiplier of 1: scale and zero point are the same.
  mutating func bytes(ofWide tensor: Int) throws(Problem) -> Int {
    guard let owner = wideOwners[tensor] else {
      throw Problem("reads a u8.8 tensor that no operator writes")
    }
    if let bytes = owner.bytes { return bytes }
    let target = try target(owner.value, shape(tensor))
    var record = OperatorRecord(.averagePool)
    record.input = tensor
    record.output = target
    record.multiplierA = 1
    contents.attach(constants: [UInt32(0)], to: &record)
    emit(record, name: "\(graph[owner.value].name)/bytes")
    wideOwners[tensor]?.bytes = target
    return target
  }
}
