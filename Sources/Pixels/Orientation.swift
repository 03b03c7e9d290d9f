/// How the pixels of a source are turned before a model sees them, for cameras that are not mounted upright.
public struct Orientation: Sendable, Equatable {
  /// Clockwise turns.
  public enum Rotation: Int, Sendable, CaseIterable {
    /// As it is.
    case none = 0
    /// A quarter turn clockwise.
    case clockwise = 90
    /// Half a turn.
    case half = 180
    /// A quarter turn counterclockwise.
    case counterclockwise = 270
  }

  /// The turn, done first.
  public var rotation: Rotation
  /// Whether left and right are then exchanged.
  public var isMirrored: Bool

  /// A turn and, perhaps, a mirror.
  public init(rotation: Rotation = .none, isMirrored: Bool = false) {
    self.rotation = rotation
    self.isMirrored = isMirrored
  }

  /// As it is.
  public static let upright = Orientation()

  /// Whether rows become columns.
  var swapsAxes: Bool { rotation == .clockwise || rotation == .counterclockwise }
  /// Whether the result's rows run against what they come from.
  var reversesRows: Bool { rotation == .half || rotation == .counterclockwise }
  /// Whether the result's columns run against what they come from.
  var reversesColumns: Bool {
    (rotation == .half || rotation == .clockwise) != isMirrored
  }
}

/// A part of a source image, in its pixels, before any turn.
public struct PixelRegion: Sendable, Equatable {
  /// First column.
  public var x: Int
  /// First row.
  public var y: Int
  /// Columns.
  public var width: Int
  /// Rows.
  public var height: Int

  /// A rectangle.
  public init(x: Int, y: Int, width: Int, height: Int) {
    self.x = x
    self.y = y
    self.width = width
    self.height = height
  }
}
