/// Time spent in each operator, summed over runs.
public struct Profile: Sendable, Equatable {
  /// Runs that have been added.
  public var runs = 0
  /// Nanoseconds by operator, the sum of all runs.
  public private(set) var nanoseconds: [Int64]

  /// An empty profile of a network with `operators` operators.
  public init(operators: Int) { nanoseconds = [Int64](repeating: 0, count: operators) }

  mutating func addRun(_ run: (UnsafeMutableBufferPointer<Int64>) -> Void) {
    nanoseconds.withUnsafeMutableBufferPointer { run($0) }
    runs += 1
  }
}
