/// What a network made of images, as counts, so that parts add up to the whole.
public struct Tally: Codable, Sendable, Equatable {
  /// Images of a class and how many of them the network named first.
  public struct ClassCount: Codable, Sendable, Equatable {
    /// Images of the class.
    public var images = 0
    /// Of those, first guesses that were right.
    public var right = 0
  }

  /// How often images of one class were taken for another.
  public struct Confusion: Codable, Sendable, Equatable {
    /// What they are.
    public var actual: Int
    /// What the network named.
    public var named: Int
    /// How often.
    public var count: Int
  }

  /// An image that was left out.
  public struct Skipped: Codable, Sendable, Equatable {
    /// File, or number within the file.
    public var name: String
    /// Why.
    public var reason: String
  }

  /// Images that ran.
  public private(set) var images = 0
  /// Of those, images with a class.
  public private(set) var labelled = 0
  /// First guesses that were right.
  public private(set) var top1 = 0
  /// Images whose class was among the first five guesses.
  public private(set) var top5 = 0
  /// Counts of each class that has images, by output.
  public private(set) var classes: [Int: ClassCount] = [:]
  /// Images that the float network ran too.
  public private(set) var compared = 0
  /// Of those, images for which both named the same class.
  public private(set) var agreeing = 0
  /// Of `labelled`, first guesses of the float network that were right.
  public private(set) var floatTop1 = 0
  /// Of `labelled`, images whose class was among its first five guesses.
  public private(set) var floatTop5 = 0
  /// First guesses that would be right if all classes were one output later, and one earlier.
  public private(set) var oneLater = 0, oneEarlier = 0
  /// Images that could not be read, in the set's order.
  public private(set) var skipped: [Skipped] = []
  /// Nanoseconds of each run, in ascending order.
  public private(set) var nanoseconds: [Int] = []
  /// Wrong first guesses, by what the images are and then by what was named.
  private var wrong: [Int: [Int: Int]] = [:]

  /// Nothing yet.
  public init() {}

  /// Whether counts that were read from a file fit each other.
  var isSound: Bool {
    let limit = 1 << 40
    let all = [
      images, labelled, top1, top5, compared, agreeing, floatTop1, floatTop5, oneLater, oneEarlier,
    ]
    return all.allSatisfy { (0...limit).contains($0) } && nanoseconds.count == images
      && nanoseconds.allSatisfy { $0 >= 0 }
      && classes.values.allSatisfy { $0.images > 0 && (0...$0.images).contains($0.right) }
      && classes.values.allSatisfy { $0.images <= labelled }
      && wrong.values.allSatisfy { $0.values.allSatisfy { (0...limit).contains($0) } }
  }

  /// Adds one image: the first five guesses of the network, and of the float network if it ran.
  mutating func add(
    guesses: [Int],
    float: [Int]?,
    actual: Int?,
    nanoseconds time: Int
  ) {
    images += 1
    nanoseconds.append(time)
    if let float {
      compared += 1
      if float.first == guesses.first { agreeing += 1 }
    }
    guard let actual else { return }
    labelled += 1
    classes[actual, default: ClassCount()].images += 1
    if guesses.contains(actual) { top5 += 1 }
    if let float {
      if float.first == actual { floatTop1 += 1 }
      if float.contains(actual) { floatTop5 += 1 }
    }
    if guesses.first == actual {
      top1 += 1
      classes[actual]?.right += 1
    } else if let named = guesses.first {
      if named == actual + 1 { oneLater += 1 }
      if named == actual - 1 { oneEarlier += 1 }
      wrong[actual, default: [:]][named, default: 0] += 1
    }
  }

  /// Adds an image that could not be read.
  mutating func skip(_ name: String, _ reason: String) {
    skipped.append(Skipped(name: name, reason: reason))
  }

  /// Adds what another part counted.
  public mutating func merge(_ other: Tally) {
    images += other.images
    labelled += other.labelled
    top1 += other.top1
    top5 += other.top5
    for (index, count) in other.classes {
      classes[index, default: ClassCount()].images += count.images
      classes[index]?.right += count.right
    }
    compared += other.compared
    agreeing += other.agreeing
    floatTop1 += other.floatTop1
    floatTop5 += other.floatTop5
    oneLater += other.oneLater
    oneEarlier += other.oneEarlier
    skipped = (skipped + other.skipped).sorted { $0.name < $1.name }
    nanoseconds = (nanoseconds + other.nanoseconds).sorted()
    for (actual, counts) in other.wrong {
      wrong[actual, default: [:]].merge(counts, uniquingKeysWith: +)
    }
  }

  /// The `count` pairs that are confused most, the lower outputs first among equals.
  public func worstConfusions(_ count: Int) -> [Confusion] {
    let all = wrong.flatMap { actual, counts in
      counts.map { Confusion(actual: actual, named: $0.key, count: $0.value) }
    }
    let ordered = all.sorted { ($1.count, $0.actual, $0.named) < ($0.count, $1.actual, $1.named) }
    return Array(ordered.prefix(count))
  }
}
