/// Why a layer loses accuracy, in words, and the flag that mends it.
public struct Cause: Sendable, Equatable, Codable {
  /// What is wrong.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// One output channel's weights are so wide that the other channels use few of the output's steps.
    case wideChannel
    /// A few values far out stretch the range.
    case outliers
    /// The range is narrower than the values.
    case saturation
    /// The range is a guess, because there are no images, and wider than what made-up images show.
    case guessedRange
    /// The range is that of another value, which has to share the scale.
    case sharedScale
    /// Weights of one channel differ so much in size that small ones are rounded away.
    case coarseWeights
    /// Weights do not fit their steps, because the output's range is too narrow for them.
    case clippedWeights
    /// Channels are off by a constant.
    case shift
    /// The layer adds more noise than those before it, for no reason of those above.
    case noise
    /// Channels that are the same whatever the image: no loss of accuracy, but work for nothing.
    case deadChannels
  }

  /// Index of the operator.
  public var layer: Int
  /// The operator's name.
  public var name: String
  /// What is wrong.
  public var kind: Kind
  /// The channel that it is about, where it is about one.
  public var channel: Int?
  /// What is wrong in a sentence without an end.
  public var words: String
  /// The flag of `cnnconvert` that mends it; nil where none does.
  public var remedy: String?

  /// `conv2: channel 17's weights are 40 times wider than the median; --equalize mends it`.
  public var line: String {
    "\(name): \(words)" + (remedy.map { "; \($0) \(effect)" } ?? "")
  }
}

extension Cause {
  private static let wide = "--wide "

  /// What the flag does: noise that has no other cause only becomes less.
  private var effect: String { kind == .noise ? "helps" : "mends it" }

  /// Whether both are of one kind and mended by one flag, which may take a layer's name.
  fileprivate func isLike(_ other: Cause) -> Bool {
    kind == other.kind
      && (remedy == other.remedy
        || remedy?.hasPrefix(Self.wide) == true && other.remedy?.hasPrefix(Self.wide) == true)
  }

  /// One flag for causes that go together: `--wide` takes several names.
  public static func remedy(of causes: some Sequence<Cause>) -> String? {
    let flags = causes.compactMap(\.remedy)
    guard let first = flags.first, flags.contains(where: { $0 != first }) else {
      return flags.first
    }
    let names = flags.map { $0.dropFirst(wide.count).filter { $0 != "'" } }.joined(separator: ",")
    return flags.contains { $0.contains("'") } ? "\(wide)'\(names)'" : "\(wide)\(names)"
  }
}

extension ConversionReport {
  /// Causes of one kind that one flag mends, the worst first.
  public var causeGroups: [[Cause]] {
    var groups: [[Cause]] = []
    for cause in causes where cause.kind != .deadChannels {
      let same = groups.firstIndex { $0[0].isLike(cause) }
      if let same { groups[same].append(cause) } else { groups.append([cause]) }
    }
    return groups
  }

  /// The worst `limit` causes of each group, a line each, and one line for channels that tell nothing.
  public func causeLines(limit: Int = .max) -> [String] {
    var lines: [String] = []
    for group in causeGroups {
      lines += group.prefix(limit).map(\.line)
      if group.count > limit { lines.append("and \(group.count - limit) more like this") }
    }
    let dead = causes.filter { $0.kind == .deadChannels }.map(\.name)
    if !dead.isEmpty {
      let more = dead.count > 3 ? " and \(dead.count - 3) more" : ""
      lines.append(
        "channels that tell nothing: \(dead.prefix(3).joined(separator: ", "))\(more); pruning them in training would save work"
      )
    }
    return lines
  }
}
