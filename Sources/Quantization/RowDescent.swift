/// Moves the integers of one row by single steps as long as that makes the error `dᵀ C d` smaller.
///
/// With `g = C d` and step s, moving weight i by δ = ±1 changes the error by `s² Cᵢᵢ + 2 s δ gᵢ`.
struct RowDescent {
  /// Rounds of steps.
  private static let sweeps = 16
  /// A move must gain this share, so that rounding errors do not make it go in circles.
  private static let margin: Float = 1e-4

  private let values: UnsafeMutableBufferPointer<Float>
  private let gradient: UnsafeMutableBufferPointer<Float>
  private let matrix: UnsafeBufferPointer<Float>
  private let scale: Float
  private let depth: Int

  /// A row of K integers and C d, both of which follow the moves; traps if they or the matrix differ in size.
  init(
    values: UnsafeMutableBufferPointer<Float>,
    gradient: UnsafeMutableBufferPointer<Float>,
    matrix: UnsafeBufferPointer<Float>,
    scale: Float
  ) {
    depth = values.count
    precondition(gradient.count == depth && matrix.count == depth * depth)
    (self.values, self.gradient, self.matrix, self.scale) = (values, gradient, matrix, scale)
  }

  /// Moves until nothing gains, or 16 times through the row.
  func run() {
    for _ in 0..<Self.sweeps where !moveAll() { return }
  }

  @_optimize(speed)
  private func move(_ k: Int, _ step: Float) {
    values[k] += step
    let change = step * scale
    for j in 0..<depth { gradient[j] += change * matrix[k * depth + j] }
  }

  /// Goes through the row once; whether any weight moved.
  private func moveAll() -> Bool {
    var hasMoved = false
    for k in 0..<depth {
      let step: Float = gradient[k] > 0 ? -1 : 1
      let cost = scale * matrix[k * depth + k]
      guard 2 * abs(gradient[k]) > cost * (1 + Self.margin), abs(values[k] + step) <= 127 else {
        continue
      }
      move(k, step)
      hasMoved = true
    }
    return hasMoved
  }
}
