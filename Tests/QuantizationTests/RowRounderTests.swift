import ModelFormat
import Testing

@testable import Quantization

@Suite("Rounding rows of weights together")
struct RowRounderTests {
  /// Weights, steps, and the second moments of patches that share a few causes, as neighbouring pixels do.
  struct Problem {
    var depth: Int
    var matrix: [Float]
    var weights: [Float]
    var scales: [Float]

    init(depth: Int, rows: Int, seed: UInt64) {
      self.depth = depth
      var random = SplitMix64(seed: seed)
      func value() -> Float { Float.random(in: -1...1, using: &random) }
      matrix = [Float](repeating: 0, count: depth * depth)
      for k in 0..<depth { matrix[k * depth + k] = 0.05 }
      for _ in 0..<max(1, depth / 2) {
        let cause = (0..<depth).map { _ in value() }
        for i in 0..<depth {
          for j in 0..<depth { matrix[i * depth + j] += cause[i] * cause[j] }
        }
      }
      weights = (0..<rows * depth).map { _ in value() }
      // A coarse grid, so that rounding matters.
      scales = (0..<rows).map { _ in 0.2 + 0.1 * abs(value()) }
    }

    /// `dᵀ C d` of one row, straight from its definition.
    func error(_ row: Int, _ integers: [Int]) -> Double {
      let d = (0..<depth).map {
        Double(integers[$0]) * Double(scales[row]) - Double(weights[row * depth + $0])
      }
      var sum = 0.0
      for i in 0..<depth {
        for j in 0..<depth { sum += d[i] * Double(matrix[i * depth + j]) * d[j] }
      }
      return sum
    }

    func nearest(_ row: Int) -> [Int] {
      (0..<depth).map { Int((weights[row * depth + $0] / scales[row]).rounded(.toNearestOrEven)) }
    }

    /// The least error of all ways to round every weight up or down.
    func leastError(_ row: Int) -> Double {
      let floors = (0..<depth).map { Int((weights[row * depth + $0] / scales[row]).rounded(.down)) }
      return (0..<1 << depth).map { choice in
        error(row, floors.enumerated().map { $1 + (choice >> $0 & 1) })
      }.min() ?? 0
    }
  }

  static let seeds: [UInt64] = [1, 2, 3, 4, 5, 6, 7, 8]

  @Test(arguments: [1, 2, 9, 63, 64, 65, 130, 257])
  func `no row is worse than the nearest integers`(_ depth: Int) {
    let problem = Problem(depth: depth, rows: 5, seed: UInt64(depth))
    let values = RowRounder(problem.matrix, depth: depth)
      .round(problem.weights[...], scales: problem.scales)
    for row in 0..<5 {
      let found = values[row * depth..<(row + 1) * depth].map { Int($0) }
      let exact = problem.error(row, found)
      #expect(exact <= problem.error(row, problem.nearest(row)) * 1.0001 + 1e-6)
    }
  }

  @Test(arguments: seeds)
  func `ten weights are no worse than the best of all ways up or down`(_ seed: UInt64) {
    let problem = Problem(depth: 10, rows: 4, seed: seed)
    let values = RowRounder(problem.matrix, depth: 10)
      .round(problem.weights[...], scales: problem.scales)
    for row in 0..<4 {
      let found = problem.error(row, values[row * 10..<(row + 1) * 10].map { Int($0) })
      #expect(found <= 1.0001 * problem.leastError(row), "seed \(seed), row \(row)")
    }
  }

  @Test func `forty rows of many weights lose most of their error`() {
    let problem = Problem(depth: 96, rows: 40, seed: 11)
    let values = RowRounder(problem.matrix, depth: 96)
      .round(problem.weights[...], scales: problem.scales)
    var (found, nearest) = (0.0, 0.0)
    for row in 0..<40 {
      found += problem.error(row, values[row * 96..<(row + 1) * 96].map { Int($0) })
      nearest += problem.error(row, problem.nearest(row))
    }
    #expect(found < 0.3 * nearest)
  }

  @Test func `where inputs are independent the nearest integers are best`() {
    var problem = Problem(depth: 20, rows: 3, seed: 5)
    problem.matrix = [Float](repeating: 0, count: 400)
    for k in 0..<20 { problem.matrix[k * 21] = Float(1 + k % 7) }
    let values = RowRounder(problem.matrix, depth: 20)
      .round(problem.weights[...], scales: problem.scales)
    #expect(values.map { Int($0) } == (0..<3).flatMap { problem.nearest($0) })
  }

  @Test(arguments: [0, 1, 3, 6])
  func `a row's integers do not depend on which rows are with it`(_ split: Int) {
    let depth = 70
    let problem = Problem(depth: depth, rows: 7, seed: 21)
    let rounder = RowRounder(problem.matrix, depth: depth)
    let whole = rounder.round(problem.weights[...], scales: problem.scales)
    let parts = [0..<split, split..<7].flatMap { rows in
      rounder.round(
        problem.weights[rows.lowerBound * depth..<rows.upperBound * depth],
        scales: Array(problem.scales[rows])
      )
    }
    #expect(parts == whole)
  }

  @Test func `integers stay within 127 of zero`() {
    var problem = Problem(depth: 8, rows: 2, seed: 9)
    problem.scales = [1e-3, 1e-30]
    let values = RowRounder(problem.matrix, depth: 8)
      .round(problem.weights[...], scales: problem.scales)
    #expect(values.allSatisfy { abs(Int($0)) <= 127 })
  }

  @Test func `moments that are no numbers give integers all the same`() {
    let problem = Problem(depth: 6, rows: 2, seed: 9)
    let bad = [Float](repeating: .nan, count: 36)
    let values = RowRounder(bad, depth: 6)
      .round(problem.weights[...], scales: problem.scales)
    #expect(values.map { Int($0) } == (0..<2).flatMap { problem.nearest($0) })
  }
}
