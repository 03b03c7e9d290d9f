/// The variables of a checkpoint, by name; values are read when asked for.
public protocol TensorFlowCheckpoint: Sendable {
  /// Type and shape of every variable.
  var variables: [String: TensorFlowVariable] { get }

  /// In a phrase: `V2, 2 shards`.
  var summary: String { get }

  /// Values of the variable `name`, put together from its slices where it was saved in parts.
  ///
  /// - Throws: `TensorFlowFileError` when there is none, or its bytes are damaged.
  func tensor(_ name: String) throws(TensorFlowFileError) -> TensorFlowTensor
}

/// What a checkpoint says about a variable without reading its values.
public struct TensorFlowVariable: Sendable, Equatable {
  /// Number of the element type; `TensorFlowDataType` knows those that can be read.
  public var typeNumber: Int32
  /// Extents, outermost first.
  public var shape: [Int]
  /// First index and length on each axis of each part, where the variable was saved in parts.
  var slices: [[(start: Int, length: Int)]] = []

  init(typeNumber: Int32, shape: [Int]) {
    self.typeNumber = typeNumber
    self.shape = shape
  }

  /// Compares type and shape.
  public static func == (a: TensorFlowVariable, b: TensorFlowVariable) -> Bool {
    a.typeNumber == b.typeNumber && a.shape == b.shape
  }

  /// Resolves the extents of recorded slices, which leave whole axes out; nil where one does not fit the shape.
  mutating func addSlice(_ record: TFTensorSlice) -> Bool {
    guard record.extent.count == shape.count else { return false }
    var slice: [(start: Int, length: Int)] = []
    for (extent, size) in zip(record.extent, shape) {
      guard extent.hasLength, extent.length >= 0 else {
        slice.append((0, size))
        continue
      }
      let (start, length) = (Int(extent.start), Int(extent.length))
      guard start >= 0, start <= size, length <= size - start else { return false }
      slice.append((start, length))
    }
    slices.append(slice)
    return true
  }
}

extension TFTensorSlice {
  /// Extents as the key of a slice encodes them: whole axes as (0, −1).
  var keyExtents: [(start: Int, length: Int)] {
    extent.map { $0.hasLength ? (Int($0.start), Int($0.length)) : (0, -1) }
  }
}

/// Puts the slices of a variable together.
struct SliceAssembler {
  private let shape: [Int]
  private var values: [Float]
  private var filled = 0

  /// Nil unless the slices' sizes add up to the shape's, before anything is allocated.
  init?(_ variable: TensorFlowVariable) {
    guard let count = TensorFlowTensor.count(of: variable.shape) else { return nil }
    var total = 0
    for slice in variable.slices {
      total += TensorFlowTensor.count(of: slice.map(\.length)) ?? 0
      guard total <= count else { return nil }
    }
    guard total == count else { return nil }
    shape = variable.shape
    values = []
  }

  /// Copies a slice's values to its place; false when they do not fit.
  mutating func add(_ slice: [(start: Int, length: Int)], _ part: TensorFlowTensor) -> Bool {
    guard case .floats(let source) = part.values, part.shape == slice.map(\.length) else {
      return false
    }
    if values.isEmpty {
      values = [Float](repeating: 0, count: shape.reduce(1, *))
    }
    var index = [Int](repeating: 0, count: shape.count)
    for value in source {
      var offset = 0
      for axis in shape.indices { offset = offset * shape[axis] + slice[axis].start + index[axis] }
      values[offset] = value
      filled += 1
      for axis in shape.indices.reversed() {
        index[axis] += 1
        if index[axis] < slice[axis].length { break }
        index[axis] = 0
      }
    }
    return true
  }

  /// The whole, or nil while parts are missing.
  func tensor(_ type: TensorFlowDataType) -> TensorFlowTensor? {
    guard filled == shape.reduce(1, *), values.count == filled else { return nil }
    return TensorFlowTensor(type: type, shape: shape, values: .floats(values))
  }
}
