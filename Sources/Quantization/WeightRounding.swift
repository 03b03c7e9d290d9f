/// How weights become integers.
public enum WeightRounding: String, Sendable, CaseIterable {
  /// Each to the nearest.
  case nearest
  /// All of a row together, for the least error of what they compute on calibration images; see `AdaptiveRounding`.
  case adaptive
}
