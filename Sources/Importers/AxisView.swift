internal import GraphIR

/// A stored value seen through a framework's axes, so that reshapes and transposes cost nothing until they must.
///
/// The storage is a row-major sequence of factors (extents above 1); every logical axis is a list of factors, outermost
/// first. A transpose permutes the axes, a reshape regroups and splits factors, and only an operator that needs a
/// certain order pays: often nothing, sometimes a `Reshape` or `GatherChannels`, rarely a `Transpose`. A channel shuffle
/// written as reshape, transpose, reshape thus becomes one `GatherChannels`, and a flatten before a linear layer
/// becomes a permutation of the layer's weights.
struct AxisView: Sendable, Hashable {
  /// The value in the graph.
  var base: ValueID
  /// Extents of the storage, outermost first, all above 1.
  private(set) var factors: [Int]
  /// Factors of each logical axis, outermost first; none for an extent of 1.
  private(set) var axes: [[Int]]

  /// A view of `base`, whose stored axis `i` is logical axis `order[i]`; traps unless `order` is a permutation.
  init(_ base: ValueID, stored: [Int], order: [Int]) {
    precondition(order.sorted() == Array(stored.indices), "order \(order) of \(stored)")
    self.base = base
    factors = stored.filter { $0 > 1 }
    axes = [[Int]](repeating: [], count: stored.count)
    var factor = 0
    for (position, axis) in order.enumerated() where stored[position] > 1 {
      axes[axis] = [factor]
      factor += 1
    }
  }

  /// Extents of the logical axes.
  var shape: [Int] { axes.map { $0.reduce(1) { $0 * factors[$1] } } }
  /// Number of elements.
  var count: Int { factors.reduce(1, *) }
  /// Factors in the logical row-major order.
  var sequence: [Int] { axes.flatMap { $0 } }

  /// The view whose axis `i` is this one's axis `permutation[i]`.
  func transposed(_ permutation: [Int]) -> AxisView {
    var view = self
    view.axes = permutation.map { axes[$0] }
    return view
  }

  /// The same logical sequence in another shape, or nil where a factor would have to be cut unevenly.
  func reshaped(_ shape: [Int]) -> AxisView? {
    guard shape.allSatisfy({ $0 > 0 }), shape.reduce(1, { $0.saturatingProduct($1) }) == count
    else { return nil }
    var view = self
    var sequence = self.sequence
    var position = 0
    view.axes = []
    for extent in shape {
      var need = extent
      var axis: [Int] = []
      while need > 1 {
        let factor = sequence[position]
        let size = view.factors[factor]
        if need % size == 0 {
          need /= size
        } else if size % need == 0 {
          view.factors.replaceSubrange(factor...factor, with: [need, size / need])
          let shifted = { (index: Int) in index > factor ? index + 1 : index }
          sequence = sequence.map(shifted)
          axis = axis.map(shifted)
          view.axes = view.axes.map { $0.map(shifted) }
          sequence.insert(factor + 1, at: position + 1)
          need = 1
        } else {
          return nil
        }
        axis.append(factor)
        position += 1
      }
      view.axes.append(axis)
    }
    return view
  }

  /// The view without the given factors, read from `base`: what a reduction leaves.
  func removing(_ removed: Set<Int>, base: ValueID) -> AxisView {
    var view = self
    let kept = factors.indices.filter { !removed.contains($0) }
    view.base = base
    view.factors = kept.map { factors[$0] }
    view.axes = axes.map { $0.compactMap { kept.firstIndex(of: $0) } }
    return view
  }

  /// Whether storing the axes in `order` needs no data to move.
  func isStored(in order: [Int]) -> Bool {
    order.flatMap { axes[$0] } == Array(factors.indices)
  }

  /// The cheapest order to store the axes in: channels-last for images and plain for the rest where that is how they
  /// lie already, else as they lie, else the default.
  var preferredOrder: [Int] {
    let standard = Self.standardOrder(rank: axes.count)
    if isStored(in: standard) { return standard }
    let trivial = axes.indices.filter { axes[$0].isEmpty }
    let rest = axes.indices.filter { !axes[$0].isEmpty }.sorted { axes[$0][0] < axes[$1][0] }
    let natural = trivial + rest
    return isStored(in: natural) ? natural : standard
  }

  /// N, H, W, C for images, the framework's order for the rest.
  static func standardOrder(rank: Int) -> [Int] {
    rank == 4 ? [0, 2, 3, 1] : Array(0..<rank)
  }
}

extension AxisView {
  /// A linear layer's weights `[O, K]`, whose K follows this view's logical order, in the order of the storage.
  func storedColumns(of weights: Tensor) -> Tensor {
    let sequence = self.sequence
    if sequence == Array(factors.indices) { return weights }
    let split = weights.reshaped([weights.shape[0]] + sequence.map { factors[$0] })
    var permutation = [Int](repeating: 0, count: sequence.count)
    for (position, factor) in sequence.enumerated() { permutation[factor] = position + 1 }
    return split.transposed([0] + permutation).reshaped(weights.shape)
  }

  /// The value with its axes stored in `order`, appending to `graph` what that takes.
  ///
  /// - Throws: `GraphError` when the graph refuses a node.
  func stored(
    in order: [Int],
    of graph: inout Graph,
    name: String
  ) throws(GraphError) -> ValueID {
    let shape = self.shape
    let target = order.map { shape[$0] }
    let sequence = order.flatMap { axes[$0] }
    if sequence == Array(factors.indices) {
      return try Self.reshape(base, to: target, of: &graph, name: name)
    }
    let settled = zip(sequence, factors.indices).prefix { $0 == $1 }.count
    if let last = order.last, axes[last].count >= sequence.count - settled {
      return try gather(order: order, target: target, of: &graph, name: name)
    }
    return try transpose(sequence, target: target, of: &graph, name: name)
  }

  /// Only the innermost axis is out of order: its elements are picked by index.
  private func gather(
    order: [Int],
    target: [Int],
    of graph: inout Graph,
    name: String
  ) throws(GraphError) -> ValueID {
    let inner = order.last.map { axes[$0] } ?? []
    let first = factors.count - inner.count
    let extents = Array(factors[first...])
    let channels = extents.reduce(1, *)
    let positions = Tensor(shape: extents, values: (0..<channels).map(Float.init))
    guard channels < 1 << 24 else { throw GraphError("\(channels) channels to reorder") }
    let indices = positions.transposed(inner.map { $0 - first }).values.map { Int($0) }
    let flat = try Self.reshape(base, to: target, of: &graph, name: name)
    return try graph.append(
      .gatherChannels(GatherChannels(indices: indices)),
      name: name + "/gather",
      inputs: [flat]
    )
  }

  /// Runs of factors that stay together move as one axis.
  private func transpose(
    _ sequence: [Int],
    target: [Int],
    of graph: inout Graph,
    name: String
  ) throws(GraphError) -> ValueID {
    var runs: [[Int]] = []
    for factor in sequence {
      if let previous = runs.last?.last, factor == previous + 1 {
        runs[runs.count - 1].append(factor)
      } else {
        runs.append([factor])
      }
    }
    let byStorage = runs.indices.sorted { runs[$0][0] < runs[$1][0] }
    let storedShape = byStorage.map { runs[$0].reduce(1) { $0 * factors[$1] } }
    var permutation = runs.indices.map { run in byStorage.firstIndex(of: run) ?? 0 }
    var padded = storedShape
    if padded.count < 4 {
      let missing = 4 - padded.count
      padded = [Int](repeating: 1, count: missing) + padded
      permutation = Array(0..<missing) + permutation.map { $0 + missing }
    }
    let split = try Self.reshape(base, to: padded, of: &graph, name: name + "/split")
    let moved = try graph.append(
      .transpose(Transpose(permutation: permutation)),
      name: name + "/transpose",
      inputs: [split]
    )
    return try Self.reshape(moved, to: target, of: &graph, name: name)
  }

  private static func reshape(
    _ value: ValueID,
    to shape: [Int],
    of graph: inout Graph,
    name: String
  ) throws(GraphError) -> ValueID {
    if graph.shape(of: value) == shape { return value }
    return try graph.append(
      .reshape(Reshape(shape: shape)),
      name: name + "/reshape",
      inputs: [value]
    )
  }
}

extension Int {
  /// The product, or the largest Int where it does not fit.
  func saturatingProduct(_ other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }
}
