/// A V1 checkpoint: one table whose empty key lists the variables, and whose other keys hold the values of a slice each.
public struct TensorSliceCheckpoint: TensorFlowCheckpoint {
  private let table: SSTable
  private let name: String
  private let records: [String: TFSavedSliceMeta]
  /// Type and shape of every variable.
  public let variables: [String: TensorFlowVariable]

  /// The version.
  public var summary: String { "V1" }

  /// Opens the checkpoint in `source`.
  ///
  /// - Throws: `TensorFlowFileError` when it is damaged, or a table of another kind.
  public init(_ source: ByteSource) throws(TensorFlowFileError) {
    table = try SSTable(source)
    name = source.name
    guard let value = try table.value(for: []) else {
      throw TensorFlowFileError(source.name, "no list of variables; is it a V1 checkpoint?")
    }
    guard let slices = TFSavedTensorSlices(discardingUnknown: value), slices.hasMeta else {
      throw TensorFlowFileError(
        source.name,
        "malformed list of variables; is it the .index of a V2 checkpoint?"
      )
    }
    var records: [String: TFSavedSliceMeta] = [:]
    var variables: [String: TensorFlowVariable] = [:]
    for record in slices.meta.tensor {
      var variable = TensorFlowVariable(
        typeNumber: record.type,
        shape: record.shape.dim.map { Int($0.size) }
      )
      for slice in record.slice where !variable.addSlice(slice) {
        throw TensorFlowFileError(
          source.name,
          "\"\(record.name)\": slice outside \(variable.shape)"
        )
      }
      records[record.name] = record
      variables[record.name] = variable
    }
    self.records = records
    self.variables = variables
  }

  /// Values of one variable.
  ///
  /// - Throws: `TensorFlowFileError` when there is none, or its bytes are damaged.
  public func tensor(_ name: String) throws(TensorFlowFileError) -> TensorFlowTensor {
    guard let record = records[name], let variable = variables[name] else {
      throw TensorFlowFileError(self.name, "no variable \"\(name)\"")
    }
    guard let type = TensorFlowDataType(record: record.type) else {
      throw TensorFlowFileError(self.name, "\"\(name)\": element type \(record.type)")
    }
    if record.slice.count == 1 {
      let shape = variable.slices[0].map(\.length)
      guard shape == variable.shape else {
        throw TensorFlowFileError(self.name, "\"\(name)\": its one slice is not the whole")
      }
      return try read(record.slice[0], name, type, shape: shape)
    }
    guard var whole = SliceAssembler(variable) else {
      throw TensorFlowFileError(self.name, "\"\(name)\": slices do not cover \(variable.shape)")
    }
    for (slice, extents) in zip(record.slice, variable.slices) {
      let part = try read(slice, name, type, shape: extents.map(\.length))
      guard whole.add(extents, part) else {
        throw TensorFlowFileError(self.name, "\"\(name)\": slices of \(type) are not supported")
      }
    }
    guard let tensor = whole.tensor(type) else {
      throw TensorFlowFileError(self.name, "\"\(name)\": slices do not cover \(variable.shape)")
    }
    return tensor
  }

  private func read(
    _ slice: TFTensorSlice,
    _ name: String,
    _ type: TensorFlowDataType,
    shape: [Int]
  ) throws(TensorFlowFileError) -> TensorFlowTensor {
    let key = TensorSliceKey.encode(name: name, extents: slice.keyExtents)
    guard let value = try table.value(for: key) else {
      throw TensorFlowFileError(self.name, "\"\(name)\": its values are missing")
    }
    guard let record = TFSavedTensorSlices(discardingUnknown: value), record.hasData,
      record.data.name == name
    else { throw TensorFlowFileError(self.name, "\"\(name)\": malformed record of values") }
    var data = record.data.data
    // The type and the shape stand in the list of variables; the values' own record may leave them out.
    data.dtype = type.rawValue
    data.tensorShape = TFTensorShape()
    data.tensorShape.dim = shape.map { extent in
      var dimension = TFDimension()
      dimension.size = Int64(extent)
      return dimension
    }
    let listed =
      data.tensorContent.count + data.floatVal.count + data.doubleVal.count + data.intVal.count
      + data.int64Val.count + data.boolVal.count + data.halfVal.count
    guard listed > 0 || shape.contains(0) else {
      throw TensorFlowFileError(self.name, "\"\(name)\": no values")
    }
    switch TensorFlowTensor.decode(data) {
    case .success(let tensor): return tensor
    case .failure(let problem): throw TensorFlowFileError(self.name, "\"\(name)\": \(problem.text)")
    }
  }
}
