/// `[frames]`: frames that are kept for relabelling.
public struct FrameSettings: SettingsSection, Sendable {
  /// Where they are kept, as pairs of JPEG and JSON; empty keeps none.
  public var folder = ""
  /// A frame whose best score is below this is kept.
  public var below = 0.5
  /// A frame whose two best scores are this close is kept.
  public var margin = 0.1
  /// Time between two kept frames, milliseconds.
  public var intervalMilliseconds = 10_000
  /// Most bytes of the folder's pictures; the oldest make room.
  public var maximumBytes = 64 << 20
  /// Most pictures in the folder.
  public var maximumCount = 1000
  /// JPEG quality of pictures that the camera does not compress itself.
  public var quality = 90

  static let name: StaticString = "frames"

  enum Key: SettingsKey {
    case folder, below, margin, interval, maximumBytes, maximumCount, quality

    var name: StaticString {
      switch self {
      case .folder: "folder"
      case .below: "below"
      case .margin: "margin"
      case .interval: "interval"
      case .maximumBytes: "maximum_bytes"
      case .maximumCount: "maximum_count"
      case .quality: "quality"
      }
    }
  }

  mutating func set(_ key: Key, to entry: SettingsEntry) throws(SettingsError) {
    switch key {
    case .folder: folder = try entry.path()
    case .below: below = try entry.fraction(0...1)
    case .margin: margin = try entry.fraction(0...1)
    case .interval: intervalMilliseconds = try entry.milliseconds(0...86_400_000)
    case .maximumBytes: maximumBytes = try entry.bytes(1 << 16...Int(Int32.max))
    case .maximumCount: maximumCount = try entry.number(1...100_000)
    case .quality: quality = try entry.number(1...100)
    }
  }
}
