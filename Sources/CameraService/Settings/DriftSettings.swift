/// `[drift]`: when pictures count as other ones than those that the model was calibrated with.
public struct DriftSettings: SettingsSection, Sendable {
  /// Frames from one look at the layers to the next; 0 switches drift off.
  public var every = 100
  /// Standard deviations over calibration images from which on a layer counts.
  public var saturation = 2.5
  /// The distance of scores from which on they count, 0…1.
  public var score = 0.5
  /// How long it must last, milliseconds.
  public var sustainMilliseconds = 60_000

  static let name: StaticString = "drift"

  enum Key: SettingsKey {
    case every, saturation, score, sustain

    var name: StaticString {
      switch self {
      case .every: "every"
      case .saturation: "saturation"
      case .score: "score"
      case .sustain: "sustain"
      }
    }
  }

  mutating func set(_ key: Key, to entry: SettingsEntry) throws(SettingsError) {
    switch key {
    case .every: every = try entry.number(0...1_000_000)
    case .saturation: saturation = try entry.fraction(0...1000)
    case .score: score = try entry.fraction(0...1)
    case .sustain: sustainMilliseconds = try entry.milliseconds(0...86_400_000)
    }
  }
}
