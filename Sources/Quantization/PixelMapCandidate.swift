/// Another way to prepare pixels, and the mistake that it would mend.
struct PixelMapCandidate: Sendable {
  var map: PixelMap
  var likely: String

  /// The usual maps by the names that `cnnconvert --preset` knows.
  private static let usual: [(preset: String, map: PixelMap)] = [
    ("unit", PixelMap(mean: [0], std: [255])),
    ("tf-inception", PixelMap(mean: [127.5], std: [127.5])),
    (
      "torchvision",
      PixelMap(mean: [123.675, 116.28, 103.53], std: [58.395, 57.12, 57.375])
    ),
    ("caffe", PixelMap(mean: [104, 117, 123], std: [1], isBGR: true)),
    ("raw", PixelMap(mean: [0], std: [1])),
  ]

  /// Red and blue exchanged; nil where there are no colours.
  static func exchanged(_ map: PixelMap, channels: Int) -> PixelMapCandidate? {
    guard channels == 3 else { return nil }
    return PixelMapCandidate(
      map: map.exchanged,
      likely: "red and blue seem exchanged: try --color \(map.isBGR ? "rgb" : "bgr")"
    )
  }

  /// Everything that is worth a try besides `map`, the likeliest mistake of equals first.
  static func all(besides map: PixelMap, channels: Int) -> [PixelMapCandidate] {
    var result: [PixelMapCandidate] = []
    func add(_ candidate: PixelMap, _ likely: String) {
      guard candidate.fits(channels), candidate != map else { return }
      result.append(PixelMapCandidate(map: candidate, likely: likely))
    }
    func scaled(_ factor: Float) -> PixelMap {
      PixelMap(
        mean: map.mean.map { $0 * factor },
        std: map.std.map { $0 * factor },
        isBGR: map.isBGR
      )
    }
    if let exchanged = exchanged(map, channels: channels) { result.append(exchanged) }
    if map.mean != [0] {
      add(scaled(255), "mean and std seem to be of pixels 0…1: multiply them by 255")
      add(scaled(1 / 255), "mean and std seem to be too large: divide them by 255")
    }
    for (preset, other) in usual {
      add(other, likely(map, preset, other, exchanged: false))
      guard channels == 3 else { continue }
      add(other.exchanged, likely(map, preset, other, exchanged: true))
    }
    return result
  }

  private static func likely(
    _ map: PixelMap,
    _ preset: String,
    _ other: PixelMap,
    exchanged: Bool
  ) -> String {
    let color = exchanged ? " --color \(other.isBGR ? "rgb" : "bgr")" : ""
    let what =
      switch preset {
      case "unit" where map.std == [1] && map.mean == [0]:
        "the division by 255 seems to be missing"
      case "raw" where map.std == [255] && map.mean == [0]:
        "pixels seem to be divided by 255, which the model does not expect or does by itself"
      case "torchvision" where map.mean == [0]: "mean and std seem to be missing"
      case "torchvision", "caffe", "tf-inception":
        "mean and std seem to be others than \(map)"
      default: "pixels seem to be prepared otherwise than by \(map)"
      }
    return "\(what): try --preset \(preset)\(color)"
  }
}
