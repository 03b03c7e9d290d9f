/// Where the samples of one component are: in which plane, from which byte of a row on, how many bytes apart, and for how many
/// pixels each stands.
public struct SampleLayout: Sendable, Equatable {
  /// The plane, 0…2.
  public var plane = 0
  /// Byte of the first sample of a row.
  public var offset = 0
  /// Bytes from a sample to the next.
  public var step = 1
  /// Columns of pixels that a sample stands for.
  public var columns = 1
  /// Rows of pixels that a sample stands for.
  public var rows = 1

  /// Samples of a plane.
  public init(plane: Int = 0, offset: Int = 0, step: Int = 1, columns: Int = 1, rows: Int = 1) {
    self.plane = plane
    self.offset = offset
    self.step = step
    self.columns = columns
    self.rows = rows
  }
}
