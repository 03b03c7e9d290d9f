internal import Foundation

/// What an evaluation found, with what it ran on: one file for `merge`, or the base of all that is told.
public struct EvaluationResult: Codable, Sendable, Equatable {
  /// XXH64 of the model file, 16 hexadecimal digits.
  public var model: String
  /// XXH64 over the whole set's names and classes, 16 hexadecimal digits.
  public var data: String
  /// Which part of the set this is, from 1.
  public var shard: Int
  /// Parts of the set.
  public var shards: Int
  /// Names of the model's outputs, or none.
  public var names: [String]
  /// The counts.
  public var tally: Tally

  /// Whether the numbers of a file that was read can be counted with.
  public var isSound: Bool { shards >= 1 && (1...shards).contains(shard) && tally.isSound }

  /// A result.
  public init(
    model: String,
    data: String,
    shard: Int,
    shards: Int,
    names: [String],
    tally: Tally
  ) {
    self.model = model
    self.data = data
    self.shard = shard
    self.shards = shards
    self.names = names
    self.tally = tally
  }

  /// The parts of one set together.
  ///
  /// - Throws: `EvaluationError` where parts are missing, double, or of another model or set.
  public static func merging(
    _ parts: [(path: String, result: EvaluationResult)]
  ) throws(EvaluationError) -> EvaluationResult {
    guard let first = parts.first else { throw .noParts }
    var whole = first.result
    whole.tally = Tally()
    var seen: [Int: String] = [:]
    for (path, part) in parts {
      guard part.model == whole.model else { throw .otherPart(path, "model", of: first.path) }
      guard part.data == whole.data else { throw .otherPart(path, "data set", of: first.path) }
      guard part.shards == whole.shards else {
        throw .otherPart(path, "number of shards", of: first.path)
      }
      if let other = seen.updateValue(path, forKey: part.shard) {
        throw .double(shard: part.shard, paths: [other, path])
      }
      whole.tally.merge(part.tally)
    }
    let missing = (1...whole.shards).filter { seen[$0] == nil }
    guard missing.isEmpty else { throw .missing(shards: missing, of: whole.shards) }
    (whole.shard, whole.shards) = (1, 1)
    return whole
  }

  /// First guesses that were right, 0…1; nil without classes.
  public var top1: Double? { Self.share(tally.top1, tally.labelled) }
  /// Images whose class was among the first five guesses, 0…1; nil without classes.
  public var top5: Double? { Self.share(tally.top5, tally.labelled) }
  /// Images for which int8 and float name the same class, 0…1; nil without a float model.
  public var agreement: Double? { Self.share(tally.agreeing, tally.compared) }
  /// `top1` of the float model.
  public var floatTop1: Double? {
    tally.compared == 0 ? nil : Self.share(tally.floatTop1, tally.labelled)
  }
  /// `top5` of the float model.
  public var floatTop5: Double? {
    tally.compared == 0 ? nil : Self.share(tally.floatTop5, tally.labelled)
  }
  /// The mean of the classes' shares of right first guesses, 0…1; nil without classes.
  public var classMean: Double? {
    guard !tally.classes.isEmpty else { return nil }
    // In a fixed order: floating-point sums depend on it.
    let shares = tally.classes.sorted { $0.key < $1.key }.map {
      Double($0.value.right) / Double($0.value.images)
    }
    return shares.reduce(0, +) / Double(shares.count)
  }

  /// Milliseconds that a share `rank` of the runs did not exceed (nearest rank); nil without runs.
  public func milliseconds(_ rank: Double) -> Double? {
    let times = tally.nanoseconds
    guard !times.isEmpty else { return nil }
    let place = Int((rank * Double(times.count)).rounded(.up)) - 1
    return Double(times[min(max(place, 0), times.count - 1)]) / 1e6
  }

  private static func share(_ part: Int, _ whole: Int) -> Double? {
    whole == 0 ? nil : Double(part) / Double(whole)
  }

  /// Half of the 95 % confidence interval of a share of `count` images.
  ///
  /// By Wilson's score: E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927.
  public static func margin(_ share: Double, _ count: Int) -> Double {
    let (n, z) = (Double(count), 1.96)
    return z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)).squareRoot()
  }
}

/// Why an evaluation cannot run or parts do not fit together.
public enum EvaluationError: Error, Equatable {
  /// No files to merge.
  case noParts
  /// A part of another model or set than the first.
  case otherPart(String, String, of: String)
  /// The same part twice.
  case double(shard: Int, paths: [String])
  /// Parts that are not there.
  case missing(shards: [Int], of: Int)
  /// The network could not be prepared or the float network could not run.
  case network(String)
  /// Not one image could be read.
  case nothingReadable(path: String, first: String)

  /// One line: where, what, found, expected.
  public var message: String {
    switch self {
    case .noParts: "no files to merge"
    case .otherPart(let path, let what, let first): "\(path): another \(what) than in \(first)"
    case .double(let shard, let paths): "\(paths[1]): shard \(shard) is also in \(paths[0])"
    case .missing(let shards, let all):
      "shard \(shards.map(String.init).joined(separator: ", ")) of \(all) missing"
    case .network(let problem): problem
    case .nothingReadable(let path, let first):
      "\(path): not one image can be read; the first: \(first)"
    }
  }
}
