internal import GraphIR

/// Rounds rows of weights so that the error of what they compute, `dᵀ C d` with `d = q × s − w`, is small rather than each weight's own.
///
/// With `C = E[x xᵀ]` that is the mean squared error of a layer's outputs: the quadratic problem of Nagel et al. 2020, "Up or Down?
/// Adaptive Rounding for Post-Training Quantization", https://arxiv.org/abs/2004.10568, equation 13. It is solved without random
/// numbers. First one weight after the other is rounded to where it best makes up for those before it, by the Cholesky factor R of
/// `C = Rᵀ R` (Frantar et al. 2022, "GPTQ", https://arxiv.org/abs/2210.17323; the nearest plane of Babai 1986); then `RowDescent`
/// follows, in short rows `RowSearch`. It starts from the nearest integers too, and the better end counts: no row is worse than nearest. O(rows × K²) operations.
struct RowRounder: Sendable {
  /// Weights rounded at a time before the others hear of it.
  private static let block = 64

  private let depth: Int
  private let matrix: [Float]
  private let factor: [Float]?

  /// For K × K moments, both triangles.
  init(_ matrix: [Float], depth: Int) {
    self.depth = depth
    self.matrix = matrix
    factor = choleskyFactor(matrix, size: depth)
  }

  /// Integers −127…127 for rows of K weights each.
  ///
  /// `scales` are the real values of one step, a row each.
  func round(
    _ weights: ArraySlice<Float>,
    scales: [Float]
  ) -> [Int8] {
    let weights = Array(weights)
    let rows = scales.count
    var values = nearest(weights, scales)
    var errors = descend(&values, weights, scales)
    if let factor {
      var other = fedBack(weights, scales, factor)
      let found = descend(&other, weights, scales)
      for row in 0..<rows where found[row] < errors[row] {
        errors[row] = found[row]
        for k in row * depth..<(row + 1) * depth { values[k] = other[k] }
      }
      if depth <= RowSearch.mostDepth { search(&values, weights, scales, factor) }
    }
    return values.map { Int8($0) }
  }

  private func search(
    _ values: inout [Float],
    _ weights: [Float],
    _ scales: [Float],
    _ factor: [Float]
  ) {
    for row in scales.indices {
      let part = row * depth..<(row + 1) * depth
      var search = RowSearch(
        factor: factor,
        weights: weights[part],
        scale: scales[row],
        values: values[part]
      )
      search.run()
      values.replaceSubrange(part, with: search.values)
    }
  }

  private func nearest(_ weights: [Float], _ scales: [Float]) -> [Float] {
    var values = weights
    for row in scales.indices {
      for k in row * depth..<(row + 1) * depth {
        values[k] = Self.integer(weights[k] / scales[row])
      }
    }
    return values
  }

  private static func integer(_ value: Float) -> Float {
    min(max(value.rounded(.toNearestOrEven), -127), 127)
  }

  /// Last weight first, each to the integer that is best given those after it.
  private func fedBack(_ weights: [Float], _ scales: [Float], _ factor: [Float]) -> [Float] {
    let rows = scales.count
    var values = weights
    // K × rows, so that one weight of all rows lies together.
    var d = [Float](repeating: 0, count: depth * rows)
    var sums = [Float](repeating: 0, count: Self.block * rows)
    for end in stride(from: depth, to: 0, by: -Self.block) {
      let start = max(0, end - Self.block)
      for index in sums.indices { sums[index] = 0 }
      multiply(factor, start..<end, d, from: end, rows: rows, into: &sums)
      for k in stride(from: end - 1, through: start, by: -1) {
        let inverse = 1 / factor[k * depth + k]
        let at = (k - start) * rows
        for row in 0..<rows {
          let weight = weights[row * depth + k]
          let value = Self.integer((weight - sums[at + row] * inverse) / scales[row])
          values[row * depth + k] = value
          d[k * rows + row] = value * scales[row] - weight
        }
        for other in start..<k {
          let share = factor[other * depth + k]
          let target = (other - start) * rows
          for row in 0..<rows { sums[target + row] += share * d[k * rows + row] }
        }
      }
    }
    return values
  }

  /// Adds rows `block` of the factor, columns `from` on, times those rows of d.
  private func multiply(
    _ factor: [Float],
    _ block: Range<Int>,
    _ d: [Float],
    from: Int,
    rows: Int,
    into sums: inout [Float]
  ) {
    guard from < depth else { return }
    factor.withUnsafeBufferPointer { factor in
      d.withUnsafeBufferPointer { d in
        sums.withUnsafeMutableBufferPointer { sums in
          matrixMultiply(
            rows: block.count,
            columns: rows,
            depth: depth - from,
            UnsafeBufferPointer(rebasing: factor[(block.lowerBound * depth + from)...]),
            strideA: depth,
            UnsafeBufferPointer(rebasing: d[(from * rows)...]),
            strideB: rows,
            transposeB: false,
            into: sums,
            strideC: rows
          )
        }
      }
    }
  }

  /// d and C d, row by row.
  private func gradient(
    _ values: [Float],
    _ weights: [Float],
    _ scales: [Float]
  ) -> (d: [Float], g: [Float]) {
    var d = values
    for row in scales.indices {
      for k in row * depth..<(row + 1) * depth { d[k] = values[k] * scales[row] - weights[k] }
    }
    var g = [Float](repeating: 0, count: d.count)
    matrixMultiply(
      rows: scales.count,
      columns: depth,
      depth: depth,
      d,
      matrix,
      transposeB: false,
      into: &g
    )
    return (d, g)
  }

  /// Takes steps that make a row's error smaller until there are none; the errors left.
  private func descend(
    _ values: inout [Float],
    _ weights: [Float],
    _ scales: [Float]
  ) -> [Double] {
    var (d, g) = gradient(values, weights, scales)
    values.withUnsafeMutableBufferPointer { values in
      g.withUnsafeMutableBufferPointer { g in
        matrix.withUnsafeBufferPointer { matrix in
          for row in scales.indices {
            let part = row * depth..<(row + 1) * depth
            let descent = RowDescent(
              values: UnsafeMutableBufferPointer(rebasing: values[part]),
              gradient: UnsafeMutableBufferPointer(rebasing: g[part]),
              matrix: matrix,
              scale: scales[row]
            )
            descent.run()
          }
        }
      }
    }
    (d, g) = gradient(values, weights, scales)
    return scales.indices.map { row in
      (row * depth..<(row + 1) * depth).reduce(0) { $0 + Double(d[$1]) * Double(g[$1]) }
    }
  }
}
