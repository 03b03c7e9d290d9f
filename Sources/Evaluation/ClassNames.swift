/// Which output of a model each class of a data set is.
public struct ClassNames: Sendable {
  /// Outputs of the model.
  public let count: Int
  /// Their names, or none.
  public let names: [String]
  private let indices: [String: Int]

  /// The names of `count` outputs; of equal names the first counts.
  public init(_ names: [String], count: Int) {
    self.count = count
    self.names = names
    indices = Dictionary(
      names.enumerated().map { (Self.key($1), $0) },
      uniquingKeysWith: { first, _ in first }
    )
  }

  /// Case, blanks and the marks that stand for blanks make no difference.
  private static func key(_ name: String) -> String {
    String(name.lowercased().map { $0 == "_" || $0 == "-" ? " " : $0 })
  }

  /// The name of an output, its number where it has none.
  public func name(_ index: Int) -> String { index < names.count ? names[index] : "\(index)" }

  /// The outputs of the set's images, nil for images without a class.
  ///
  /// Class number n is output n + `offset`: 1 for networks whose output 0 is the background.
  /// A class is a name of the model's, or a number of its outputs. Where no class is either, and there are as many as outputs, they are
  /// the outputs in order of their names, as torchvision's ImageFolder has it; `assume` is told so.
  ///
  /// - Throws: `DataSetError.unknownClasses`.
  public func outputs(
    of set: ImageSet,
    offset: Int = 0,
    assume: (String) -> Void
  ) throws(DataSetError) -> [Int?] {
    let classes = Set(set.items.compactMap(\.imageClass))
    var outputs: [ImageSet.Class: Int] = [:]
    var unknown: [String] = []
    for imageClass in classes {
      switch imageClass {
      case .index(let index):
        if let output = output(index, offset) {
          outputs[imageClass] = output
        } else {
          unknown.append("\(index)")
        }
      case .name(let name):
        if let index = indices[Self.key(name)] {
          outputs[imageClass] = index
        } else if let index = Int(name), let output = output(index, offset) {
          outputs[imageClass] = output
        } else {
          unknown.append(name)
        }
      }
    }
    unknown.sort()
    if outputs.isEmpty, !unknown.isEmpty, unknown.count == count {
      assume("classes of \(set.path) are taken in order of their names: \(unknown[0]) is output 0")
      outputs = Dictionary(uniqueKeysWithValues: unknown.enumerated().map { (.name($1), $0) })
      unknown = []
    }
    guard unknown.isEmpty else {
      throw .unknownClasses(
        path: set.path,
        examples: Array(unknown.prefix(5)),
        count: unknown.count,
        outputs: count
      )
    }
    return set.items.map { item in item.imageClass.flatMap { outputs[$0] } }
  }

  /// Output n + `offset` for class number n, nil where there is none.
  private func output(_ index: Int, _ offset: Int) -> Int? {
    let (output, overflow) = index.addingReportingOverflow(offset)
    return !overflow && (0..<count).contains(output) ? output : nil
  }
}
